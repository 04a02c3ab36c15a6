/** The files of what was dropped, those in folders too. */
const MOST = 500;

export function hasFiles(transfer: DataTransfer | null): boolean {
  return transfer !== null && Array.from(transfer.types).includes("Files");
}

/** To be called while the event is handled: afterwards a browser tells nothing any more. */
export function filesOf(transfer: DataTransfer): Promise<File[]> {
  const entries = Array.from(transfer.items).map((item) => (item.kind === "file" ? item.webkitGetAsEntry() : null));
  const plain = Array.from(transfer.files);
  if (!entries.some((entry) => entry?.isDirectory)) return Promise.resolve(plain);
  return Promise.all(entries.filter((entry) => entry !== null).map((entry) => filesIn(entry, true))).then((lists) => lists.flat().slice(0, MOST));
}

async function filesIn(entry: FileSystemEntry, isDropped = false): Promise<File[]> {
  if (entry.isFile) {
    if (!isDropped && entry.name.startsWith(".")) return []; // of the system, in a folder
    return new Promise((resolve) => (entry as FileSystemFileEntry).file((file) => resolve([file]), () => resolve([])));
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0 || found.length >= MOST) return found;
    for (const one of some) found.push(...(await filesIn(one)));
  }
}
