/** Copying, also where the page came over plain HTTP from another machine and browsers offer no `navigator.clipboard`.
 *
 *     await copy({ text: "« Bonjour »", html: "<q>Bonjour</q>" });
 */

export interface Copied {
  text: string;
  html?: string;
}

/** `what` may still be on its way: browsers want to hear of it while the click lasts. Throws when nothing was copied. */
export async function copy(what: Copied | Promise<Copied>): Promise<void> {
  if (typeof ClipboardItem !== "undefined" && navigator.clipboard?.write) {
    const content = Promise.resolve(what);
    const types: Record<string, Promise<Blob>> = { "text/plain": content.then(({ text }) => new Blob([text], { type: "text/plain" })) };
    if (!(what instanceof Promise) && what.html !== undefined) {
      types["text/html"] = Promise.resolve(new Blob([what.html], { type: "text/html" }));
    }
    await navigator.clipboard.write([new ClipboardItem(types)]);
    return;
  }
  copyTheOldWay(await what);
}

function copyTheOldWay({ text, html }: Copied): void {
  let isTaken = false;
  const onCopy = (event: ClipboardEvent) => {
    event.preventDefault();
    event.clipboardData?.setData("text/plain", text);
    if (html !== undefined) event.clipboardData?.setData("text/html", html);
    isTaken = true;
  };
  document.addEventListener("copy", onCopy, { once: true });
  document.execCommand("copy");
  document.removeEventListener("copy", onCopy);
  if (!isTaken) throw new Error("nothing was copied");
}

/** Text that may stand in HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
