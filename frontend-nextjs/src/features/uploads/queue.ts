/** All uploads of this tab: which is sent, what each is at, what survives a reload. One for the whole interface.
 *
 * Owns when something is tried again. Knows nothing of React: `subscribe` and `snapshot` are what a view needs.
 */
import { isApiError } from "@/lib/api/client";
import { meetingOfUpload } from "@/lib/api/uploads";
import { metadataOf, type FileProblem } from "./files";
import { alone, mayTake, newId, thisTab } from "./locks";
import { after, isOpen, sampled, speedOf, verdictOn, type Happening, type Item, type Sample, type Wishes } from "./model";
import { send, terminate, UNANSWERED, type Refusal } from "./sending";
import { hasRoomFor, recordings, uploads as shelf, type UploadRecord } from "./shelf";

const AT_ONCE = 2;
const FINISHING_EVERY_MS = 1000;
const TOLD_EVERY_MS = 200;
const STALLED_MS = 45_000;

/** What others want to hear of. */
export interface News {
  onSignedOut: () => void;
  onArrived: () => void;
  onRecordingArrived: (recordingId: string) => void;
}

interface Job {
  record: UploadRecord;
  file: Blob | null;
  stop: (() => void) | null;
  timer: ReturnType<typeof setTimeout> | undefined;
  attempt: number;
  samples: Sample[];
  toldAtMs: number;
  /** When bytes last moved. */
  movedAtMs: number;
  /** Gives the lock back; null: there is none yet. */
  release: (() => void) | null;
}

export class UploadQueue {
  private items: readonly Item[] = [];
  private readonly jobs = new Map<string, Job>();
  private readonly listeners = new Set<() => void>();
  private userId: string | null = null;
  private news: News | null = null;

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  snapshot = () => this.items;

  /** Whoever is signed in; null: nobody any more. What belongs to somebody else is not even shown. */
  setUser(userId: string | null, news: News | null = null): void {
    this.news = news;
    if (userId === null) {
      this.jobs.forEach((job, id) => {
        this.halt(job);
        this.happen(id, { kind: "stuck", why: "signed-out" });
      });
      return;
    }
    if (userId !== this.userId) {
      [...this.jobs.keys()].forEach((id) => this.forget(id));
      this.userId = userId;
      void this.restore();
    }
    this.goOn();
  }

  /** The network or the service is back: do not wait for the next attempt. */
  goOn(): void {
    this.items.filter((item) => item.state.kind === "stuck").forEach((item) => this.resume(item.id));
  }

  /** `recordingId`: it lies in storage already, as a recording. */
  add(file: File, wishes: Wishes, recordingId?: string): void {
    const userId = this.userId;
    if (!userId) return;
    const record: UploadRecord = {
      id: newId(),
      userId,
      fileName: file.name,
      mediaType: file.type,
      sizeBytes: file.size,
      lastModifiedMs: file.lastModified,
      wishes,
      url: null,
      sentBytes: 0,
      isPaused: false,
      hasFile: recordingId !== undefined,
      recordingId,
      addedAtMs: Date.now(),
      tab: thisTab(),
      touchedAtMs: Date.now(),
    };
    this.take(record, file, null);
    void this.keep(record.id, file);
  }

  /** A file that is not worth sending, shown with the reason. */
  reject(fileName: string, sizeBytes: number, problem: FileProblem): void {
    const state = { kind: "refused", code: `file.${problem}`, detail: "" } as const;
    this.items = [...this.items, { id: newId(), fileName, sizeBytes, sentBytes: 0, bytesPerS: null, wishes: {}, state, isKept: false }];
    this.tell();
  }

  /** The network is gone: what is under way is not waited for. */
  lost(): void {
    this.jobs.forEach((job, id) => {
      if (this.items.find((item) => item.id === id)?.state.kind !== "sending") return;
      this.halt(job);
      this.refused(job, UNANSWERED);
    });
  }

  pause(id: string): void {
    const job = this.jobs.get(id);
    if (!job) return;
    this.halt(job);
    this.happen(id, { kind: "paused" });
    this.save(job, { isPaused: true });
    this.pump();
  }

  resume(id: string): void {
    const job = this.jobs.get(id);
    if (!job) return;
    clearTimeout(job.timer);
    this.happen(id, { kind: "resumed" });
    this.save(job, { isPaused: false });
    this.pump();
  }

  /** Here and at the service. */
  cancel(id: string): void {
    const job = this.jobs.get(id);
    if (job?.record.url) void terminate(job.record.url);
    this.dismiss(id);
  }

  dismiss(id: string): void {
    void shelf.remove(id).catch(() => undefined);
    this.forget(id);
    this.pump();
  }

  /** Although it is there already. */
  sendAnyway(id: string): void {
    const job = this.jobs.get(id);
    if (!job?.file) return;
    job.record.url = null;
    this.happen(id, { kind: "wanted-again" });
    this.save(job, { wishes: { ...job.record.wishes, isDuplicateWelcome: true }, url: null, sentBytes: 0 });
    this.pump();
  }

  /** The same file once more, for an upload that lost its own. */
  giveFile(id: string, file: File): void {
    const job = this.jobs.get(id);
    if (!job) return;
    if (file.size !== job.record.sizeBytes || file.name !== job.record.fileName) {
      this.happen(id, { kind: "wrong-file" });
      return;
    }
    job.file = file;
    this.happen(id, { kind: "file-given" });
    void this.keep(id, file);
    this.pump();
  }

  private async restore(): Promise<void> {
    const records = await shelf.all().catch(() => []);
    for (const { id } of records.filter((record) => record.userId === this.userId).sort((a, b) => a.addedAtMs - b.addedAtMs)) {
      // Waits where another tab is at it, and takes over when that one is closed.
      alone(`upload.${id}`, async () => {
        const record = await shelf.get(id).catch(() => undefined);
        if (!record || this.jobs.has(id) || record.userId !== this.userId || !mayTake(record)) return;
        const file = record.hasFile ? await fileOfRecord(record).catch(() => undefined) : undefined;
        await new Promise<void>((release) => this.take({ ...record, tab: thisTab() }, file ?? null, release));
      });
    }
  }

  private take(record: UploadRecord, file: Blob | null, release: (() => void) | null): void {
    const job: Job = { record, file, stop: null, timer: undefined, attempt: 0, samples: [], toldAtMs: 0, movedAtMs: 0, release };
    this.jobs.set(record.id, job);
    const { id, fileName, sizeBytes, sentBytes, wishes, hasFile, recordingId } = record;
    this.items = [...this.items, { id, fileName, sizeBytes, sentBytes, wishes, bytesPerS: null, state: { kind: "waiting" }, isKept: hasFile, recordingId }];
    this.tell();
    if (!file) this.happen(id, { kind: "file-missing" });
    else if (record.isPaused) this.happen(id, { kind: "paused" });
    this.pump();
  }

  /** The record at once, so that the upload is known; its file when there is room. */
  private async keep(id: string, file: File): Promise<void> {
    const job = this.jobs.get(id);
    if (!job) return;
    if (!job.release) alone(`upload.${id}`, () => new Promise<void>((release) => (this.isUnfinished(id) ? (job.release = release) : release())));
    try {
      await shelf.put(job.record);
      if (job.record.recordingId || !(await hasRoomFor(file.size))) return;
      await shelf.keepFile(id, file);
    } catch {
      return; // no room, or no storage at all: the file is asked for after a reload
    }
    if (!this.isUnfinished(id)) {
      await shelf.remove(id).catch(() => undefined); // it arrived, or was given up, meanwhile
      return;
    }
    this.save(job, { hasFile: true });
    this.happen(id, { kind: "kept" });
  }

  private pump(): void {
    const busy = this.items.filter((item) => item.state.kind === "sending").length;
    const next = this.items.filter((item) => item.state.kind === "waiting").slice(0, Math.max(0, AT_ONCE - busy));
    next.forEach((item) => this.start(item.id));
  }

  private start(id: string): void {
    const job = this.jobs.get(id);
    if (!job?.file) return;
    this.happen(id, { kind: "started" });
    job.samples = [];
    job.stop?.();
    this.expectMovement(job);
    const { fileName, mediaType, wishes, url } = job.record;
    job.stop = send({ file: job.file, metadata: metadataOf(fileName, mediaType, wishes), url }, {
      onBegun: (begun) => begun !== job.record.url && this.save(job, { url: begun }),
      onProgress: (sentBytes) => this.progress(job, sentBytes),
      onSent: (meetingId, isDuplicate) => this.sent(job, meetingId, isDuplicate),
      onRefused: (refusal) => this.refused(job, refusal),
    });
  }

  private progress(job: Job, sentBytes: number): void {
    const now = Date.now();
    job.movedAtMs = now;
    if (now - job.toldAtMs < TOLD_EVERY_MS && sentBytes < job.record.sizeBytes) return;
    job.toldAtMs = now;
    job.samples = sampled(job.samples, { atMs: now, bytes: sentBytes });
    if (sentBytes > job.record.sentBytes) job.attempt = 0;
    this.happen(job.record.id, { kind: "progress", sentBytes, bytesPerS: speedOf(job.samples) });
    if (now - job.record.touchedAtMs > 2000) this.save(job, { sentBytes });
  }

  /** A connection that died without a word is found out, and taken up again. */
  private expectMovement(job: Job): void {
    job.movedAtMs = Date.now();
    clearTimeout(job.timer);
    const look = () => {
      if (this.items.find((item) => item.id === job.record.id)?.state.kind !== "sending") return;
      const stillMs = Date.now() - job.movedAtMs;
      if (stillMs < STALLED_MS) job.timer = setTimeout(look, STALLED_MS - stillMs);
      else {
        this.halt(job);
        this.refused(job, UNANSWERED);
      }
    };
    job.timer = setTimeout(look, STALLED_MS);
  }

  private sent(job: Job, meetingId: string | null, isDuplicate: boolean): void {
    const { id } = job.record;
    clearTimeout(job.timer);
    job.stop = null;
    this.happen(id, { kind: "sent" });
    if (meetingId) this.arrived(job, meetingId, isDuplicate);
    else job.timer = setTimeout(() => void this.finish(job), FINISHING_EVERY_MS);
    this.pump();
  }

  private async finish(job: Job): Promise<void> {
    try {
      const made = job.record.url ? await meetingOfUpload(job.record.url) : null;
      if (made) this.arrived(job, made.meetingId, made.isDuplicate);
      else job.timer = setTimeout(() => void this.finish(job), FINISHING_EVERY_MS);
    } catch (error) {
      this.refused(job, isApiError(error) ? { ...error.problem, retryAfterS: null } : UNANSWERED);
    }
  }

  private arrived(job: Job, meetingId: string, isDuplicate: boolean): void {
    this.happen(job.record.id, { kind: "done", meetingId, isDuplicate });
    void shelf.remove(job.record.id).catch(() => undefined);
    if (job.record.recordingId) this.news?.onRecordingArrived(job.record.recordingId);
    job.release?.();
    if (!isDuplicate) job.file = null;
    this.news?.onArrived();
  }

  private refused(job: Job, refusal: Refusal): void {
    const { id } = job.record;
    clearTimeout(job.timer);
    job.stop = null;
    const verdict = verdictOn(refusal.status, refusal.code, job.attempt, navigator.onLine, refusal.retryAfterS);
    job.attempt += 1;
    if (verdict.kind === "refused") {
      this.happen(id, { kind: "refused", code: refusal.code, detail: refusal.detail });
      void shelf.remove(id).catch(() => undefined);
      this.save(job, { url: null, sentBytes: 0, hasFile: false });
    } else if (verdict.kind === "restart") {
      this.save(job, { url: null, sentBytes: 0 });
      this.happen(id, { kind: "restarted" });
    } else {
      this.happen(id, { kind: "stuck", why: verdict.why });
      if (verdict.why === "signed-out") this.news?.onSignedOut();
      job.timer = setTimeout(() => this.resume(id), verdict.inMs);
    }
    this.pump();
  }

  private save(job: Job, change: Partial<UploadRecord>): void {
    job.record = { ...job.record, ...change, touchedAtMs: Date.now() };
    if (this.isUnfinished(job.record.id)) void shelf.put(job.record).catch(() => undefined);
  }

  private isUnfinished(id: string): boolean {
    const item = this.items.find((one) => one.id === id);
    return item !== undefined && (isOpen(item) || item.state.kind === "paused" || item.state.kind === "missing");
  }

  private halt(job: Job): void {
    clearTimeout(job.timer);
    job.stop?.();
    job.stop = null;
  }

  private forget(id: string): void {
    const job = this.jobs.get(id);
    if (job) this.halt(job);
    job?.release?.();
    this.jobs.delete(id);
    this.items = this.items.filter((item) => item.id !== id);
    this.tell();
  }

  private happen(id: string, happening: Happening): void {
    const next = this.items.map((item) => (item.id === id ? after(item, happening) : item));
    if (next.every((item, place) => item === this.items[place])) return;
    this.items = next;
    this.tell();
  }

  private tell(): void {
    this.listeners.forEach((listener) => listener());
  }
}

let only: UploadQueue | null = null;

/** The one of this tab. In the browser only. */
export function theQueue(): UploadQueue {
  only ??= new UploadQueue();
  return only;
}

async function fileOfRecord(record: UploadRecord): Promise<Blob | undefined> {
  if (!record.recordingId) return shelf.file(record.id);
  const recording = (await recordings.all()).find((one) => one.id === record.recordingId);
  return recording && recordings.whole(recording);
}
