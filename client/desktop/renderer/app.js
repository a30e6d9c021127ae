/** Starts the page: what it stands on, what it knows, what it shows. */

import { createMessenger } from "./messenger.js";
import { createPlatform } from "./platform.js";
import { App } from "./ui/app.js";

const platform = await createPlatform();
const messenger = createMessenger(platform);
const root = /** @type {HTMLElement} */ (document.getElementById("root"));
await new App(messenger, platform, root).start();
