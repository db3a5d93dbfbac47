/**
 * While a change set is applied, its new files wait and its old ones are kept in such a directory at the top of each root:
 * renames and links work only inside one file system.
 */
export const STAGING_PREFIX = ".ztl-sync-";
