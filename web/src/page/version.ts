/** Which version of the page this is, for the report. */

import { version } from "../../package.json";

export const PAGE_VERSION: string = version;
