export { InotifyFile } from "./inotify-file.ts";
export { Watching, WatchTable } from "./watch-table.ts";
