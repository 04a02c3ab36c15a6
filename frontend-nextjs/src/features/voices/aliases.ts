/** `" Claire, CM,, claire "` → `["Claire", "CM", "claire"]`: as they are typed, without empty ones and repetitions. */
export function splitNames(text: string): string[] {
  const names = text.split(/[,;\n]/).map((name) => name.trim().replaceAll(/\s+/g, " "));
  return [...new Set(names.filter(Boolean))].slice(0, 20);
}
