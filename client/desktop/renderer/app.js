/** Starts the page. */

document.documentElement.dataset.phase = "starting";
