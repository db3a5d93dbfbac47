/** What others may use of the demo: show it. */
export { demo } from "./demo.ts";
