/** The page's entry point. */

import { App } from "./app.ts";

const root = document.getElementById("app");
if (root !== null) new App(root).start();
