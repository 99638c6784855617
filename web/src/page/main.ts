/** The page's entry point. */

import { LocalMedia, missing, open } from "../sdk/index.ts";
import { App } from "./app.ts";

const root = document.getElementById("app");
if (root !== null) new App(root, { open, openMedia: (choice) => new LocalMedia(choice), missing }).start();
