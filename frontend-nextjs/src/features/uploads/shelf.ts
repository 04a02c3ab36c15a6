/** What outlives a reload: uploads with their files, and recordings chunk by chunk, in this browser's IndexedDB.
 *
 * Owns the names of the stores. Never decides what happens with them. Every function rejects where the browser keeps
 * nothing (private windows of some): callers go on without.
 */
import type { Wishes } from "./model";

export interface UploadRecord {
  id: string;
  userId: string;
  fileName: string;
  mediaType: string;
  sizeBytes: number;
  lastModifiedMs: number;
  wishes: Wishes;
  /** At the service, once it was begun there. */
  url: string | null;
  sentBytes: number;
  isPaused: boolean;
  hasFile: boolean;
  /** Its file is this recording. */
  recordingId?: string;
  addedAtMs: number;
  /** Where locks are missing: who works at it, and when it last gave a sign. */
  tab: string;
  touchedAtMs: number;
}

export interface RecordingRecord {
  id: string;
  userId: string;
  title: string;
  mediaType: string;
  startedAtMs: number;
  /** Without pauses. */
  durationS: number;
  sizeBytes: number;
}

type Store = "uploads" | "files" | "recordings" | "chunks";

let opening: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open("scribe", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("uploads", { keyPath: "id" });
      request.result.createObjectStore("files");
      request.result.createObjectStore("recordings", { keyPath: "id" });
      request.result.createObjectStore("chunks");
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      request.result.onclose = () => (opening = null);
      resolve(request.result);
    };
    request.onerror = () => reject(request.error ?? new Error("indexedDB"));
    request.onblocked = () => reject(new Error("indexedDB.blocked"));
  }).catch((error: unknown) => {
    opening = null;
    throw error;
  });
  return opening;
}

/** Resolves once it is written, not once it is asked for. */
async function within<T>(stores: Store[], mode: IDBTransactionMode, work: (store: (name: Store) => IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await database()).transaction(stores, mode);
  const request = work((name) => transaction.objectStore(name));
  return new Promise<T>((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error ?? request.error ?? new Error("indexedDB"));
    transaction.onabort = () => reject(transaction.error ?? new Error("indexedDB.aborted"));
  });
}

export const uploads = {
  all: () => within<UploadRecord[]>(["uploads"], "readonly", (store) => store("uploads").getAll()),
  get: (id: string) => within<UploadRecord | undefined>(["uploads"], "readonly", (store) => store("uploads").get(id)),
  put: (record: UploadRecord) => within(["uploads"], "readwrite", (store) => store("uploads").put(record)),
  file: (id: string) => within<Blob | undefined>(["files"], "readonly", (store) => store("files").get(id)),
  keepFile: (id: string, file: Blob) => within(["files"], "readwrite", (store) => store("files").put(file, id)),
  remove: (id: string) =>
    within(["uploads", "files"], "readwrite", (store) => {
      store("files").delete(id);
      return store("uploads").delete(id);
    }),
};

const NUMBERS = 10_000_000;

function chunksOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound([id, 0], [id, NUMBERS]);
}

export const recordings = {
  all: () => within<RecordingRecord[]>(["recordings"], "readonly", (store) => store("recordings").getAll()),
  begin: (record: RecordingRecord) => within(["recordings"], "readwrite", (store) => store("recordings").put(record)),
  /** The chunk and what is now known of the whole, both or neither. */
  append: (record: RecordingRecord, number: number, chunk: ArrayBuffer) =>
    within(["recordings", "chunks"], "readwrite", (store) => {
      store("chunks").put(chunk, [record.id, number]);
      return store("recordings").put(record);
    }),
  whole: async (record: RecordingRecord): Promise<Blob> =>
    new Blob(await within<ArrayBuffer[]>(["chunks"], "readonly", (store) => store("chunks").getAll(chunksOf(record.id))), { type: record.mediaType }),
  remove: (id: string) =>
    within(["recordings", "chunks"], "readwrite", (store) => {
      store("chunks").delete(chunksOf(id));
      return store("recordings").delete(id);
    }),
};

/** Whether a file of this size may be kept here without crowding out everything else. */
export async function hasRoomFor(sizeBytes: number): Promise<boolean> {
  const estimate = await navigator.storage?.estimate?.().catch(() => null);
  if (!estimate?.quota) return sizeBytes < 1_000_000_000; // not told outside https: the write itself will say
  return estimate.quota - (estimate.usage ?? 0) > 1.2 * sizeBytes;
}
