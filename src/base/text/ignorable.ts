/** What makes no difference to how a text reads: for those who compare or search, not for those who show. */

const IGNORABLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/v;
const ALL_DEFAULT_IGNORABLE = /\p{Default_Ignorable_Code_Point}+/gv;

/** A format character, or one that is drawn as nothing where it is not supported (Unicode 5.21). */
export function isIgnorable(character: string): boolean {
  return IGNORABLE.test(character);
}

/** As file systems that fold names do it (HFS+, ext4 and f2fs with casefold): they leave these out. */
export function withoutIgnorables(text: string): string {
  return text.replace(ALL_DEFAULT_IGNORABLE, "");
}
