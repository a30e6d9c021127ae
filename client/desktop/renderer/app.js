/** Starts the page: what it stands on, what it knows, what it shows. */

import { createMessenger } from "./profile/messenger.js";
import { createPlatform } from "./platform.js";
import { App } from "./ui/page.js";

const platform = await createPlatform();
const messenger = createMessenger(platform);
const root = document.getElementById("root");
if (!root) throw new Error("the page has no place for the face");
await new App(messenger, platform, root).start();
