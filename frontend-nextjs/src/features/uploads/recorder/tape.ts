/** The recorder: one for the whole interface, so that pages may change while it runs.
 *
 * Owns the microphone while it is open, and that every two seconds of what was recorded lie in this browser's storage
 * before anything else happens to them. Never sends anything: what is stopped goes the way of every other file.
 */
import { alone, newId } from "../locks";
import { recordings, type RecordingRecord } from "../shelf";
import { dbfs, elapsedMs, endingOf, HEARD_DBFS, running, stopped, type Watch } from "./level";
import { holdAwake } from "./wakeLock";

const CHUNK_MS = 2000;
const LEVEL_EVERY_MS = 80;
const SILENT_AFTER_MS = 6000;
const BITS_PER_S = 96_000;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4;codecs=mp4a.40.2", "audio/mp4", "audio/ogg;codecs=opus"];

export type Failure = "insecure" | "denied" | "none" | "busy" | "unknown";

export type Phase = { kind: "closed" } | { kind: "opening" } | { kind: "ready" } | { kind: "running" } | { kind: "paused" } | { kind: "stopped"; record: RecordingRecord; sound: Blob } | { kind: "failed"; why: Failure };

export interface TapeState {
  phase: Phase;
  watch: Watch;
  /** Nothing was heard for some seconds. */
  isSilent: boolean;
  /** The microphone was taken away in the middle. */
  isCut: boolean;
  /** Chunks cannot be kept: a crash would lose them. */
  isUnsafe: boolean;
  devices: MediaDeviceInfo[];
  deviceId: string;
  /** Of pages that ended in the middle. */
  recovered: readonly RecordingRecord[];
}

const CLOSED: Pick<TapeState, "phase" | "watch" | "isSilent" | "isCut" | "isUnsafe"> = {
  phase: { kind: "closed" },
  watch: { beforeMs: 0, runningSinceMs: null },
  isSilent: false,
  isCut: false,
  isUnsafe: false,
};

export class Tape {
  private state: TapeState = { ...CLOSED, devices: [], deviceId: "", recovered: [] };
  private readonly listeners = new Set<() => void>();
  private userId: string | null = null;
  private numOpened = 0;
  private stream: MediaStream | null = null;
  private audio: AudioContext | null = null;
  private meterTimer: ReturnType<typeof setInterval> | undefined;
  private levelDbfs = -100;
  private heardAtMs = 0;
  private recorder: MediaRecorder | null = null;
  private record: RecordingRecord | null = null;
  private chunks: Blob[] = [];
  private writing: Promise<unknown> = Promise.resolve();
  private letSleep: () => void = () => undefined;
  private unlock: () => void = () => undefined;

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  snapshot = () => this.state;

  level = () => this.levelDbfs;

  setUser(userId: string | null): void {
    if (userId === this.userId) return;
    this.userId = userId;
    this.set({ recovered: [] });
    if (userId) void this.recover(userId);
  }

  /** Opens the microphone, so that it can be seen to hear. */
  async open(deviceId = this.state.deviceId): Promise<void> {
    this.numOpened += 1;
    const number = this.numOpened;
    this.release();
    this.set({ ...CLOSED, phase: { kind: "opening" }, deviceId });
    if (!navigator.mediaDevices?.getUserMedia || typeof MediaRecorder === "undefined") return this.set({ phase: { kind: "failed", why: "insecure" } });
    try {
      // A room full of people: what is made for calls takes the far voices away.
      const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: true, ...(deviceId ? { deviceId: { exact: deviceId } } : {}) };
      const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
      if (this.state.phase.kind !== "opening" || number !== this.numOpened) return stream.getTracks().forEach((track) => track.stop()); // closed meanwhile
      this.stream = stream;
      const devices = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "audioinput");
      const track = stream.getAudioTracks()[0];
      if (track) track.onended = () => this.cut();
      this.listen(stream);
      this.set({ phase: { kind: "ready" }, devices, deviceId: track?.getSettings().deviceId ?? deviceId });
    } catch (error) {
      if (number === this.numOpened) this.set({ phase: { kind: "failed", why: failureOf(error) } });
    }
  }

  start(title: string): void {
    if (!this.stream || !this.userId || this.state.phase.kind !== "ready") return;
    const mediaType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
    const recorder = new MediaRecorder(this.stream, { mimeType: mediaType || undefined, audioBitsPerSecond: BITS_PER_S });
    const record: RecordingRecord = { id: newId(), userId: this.userId, title, mediaType: recorder.mimeType || mediaType, startedAtMs: Date.now(), durationS: 0, sizeBytes: 0 };
    [this.recorder, this.record, this.chunks] = [recorder, record, []];
    alone(`tape.${record.id}`, () => new Promise<void>((release) => (this.unlock = release)));
    this.write(() => recordings.begin(record));
    recorder.ondataavailable = (event) => this.keep(event.data);
    recorder.onstop = () => this.finish();
    recorder.onerror = () => this.cut();
    recorder.start(CHUNK_MS);
    this.letSleep = holdAwake();
    this.heardAtMs = Date.now();
    this.set({ phase: { kind: "running" }, watch: running({ beforeMs: 0, runningSinceMs: null }, Date.now()) });
  }

  pause(): void {
    if (this.state.phase.kind !== "running") return;
    this.recorder?.pause();
    this.set({ phase: { kind: "paused" }, watch: stopped(this.state.watch, Date.now()), isSilent: false });
  }

  resume(): void {
    if (this.state.phase.kind !== "paused") return;
    this.recorder?.resume();
    this.heardAtMs = Date.now();
    this.set({ phase: { kind: "running" }, watch: running(this.state.watch, Date.now()) });
  }

  stop(): void {
    this.set({ watch: stopped(this.state.watch, Date.now()) });
    if (this.recorder && this.recorder.state !== "inactive") this.recorder.stop(); // the last chunk comes, then `finish`
  }

  /** The microphone goes off; a recording that runs goes on. */
  close(): void {
    const { phase } = this.state;
    if (this.isRunning()) return;
    if (phase.kind === "stopped") return this.handOver(phase.record); // neither sent nor thrown away: offered again
    this.release();
    this.set({ ...CLOSED });
  }

  /** For good. */
  async discard(id: string): Promise<void> {
    if (this.record?.id === id) {
      if (this.recorder) this.recorder.onstop = null;
      if (this.recorder && this.recorder.state !== "inactive") this.recorder.stop();
      await this.writing;
      this.forgetCurrent();
    }
    await recordings.remove(id).catch(() => undefined);
    this.set({ recovered: this.state.recovered.filter((record) => record.id !== id) });
  }

  /** It goes the way of a file now; until it has arrived it stays in storage, and is offered again should it not arrive. */
  handOver(record: RecordingRecord): void {
    if (this.record?.id === record.id) this.forgetCurrent();
    if (!this.state.recovered.some((one) => one.id === record.id)) this.set({ recovered: [...this.state.recovered, record] });
  }

  isRunning(): boolean {
    return this.state.phase.kind === "running" || this.state.phase.kind === "paused";
  }

  private async recover(userId: string): Promise<void> {
    const found = await recordings.all().catch(() => []);
    for (const { id } of found.filter((record) => record.userId === userId)) {
      // Waits while another tab records it, and offers it once that tab is gone.
      alone(`tape.${id}`, async () => {
        const record = (await recordings.all()).find((one) => one.id === id);
        if (!record || this.userId !== userId || this.record?.id === id || this.state.recovered.some((one) => one.id === id)) return;
        if (record.sizeBytes > 0) this.set({ recovered: [...this.state.recovered, record] });
        else await recordings.remove(id);
      });
    }
  }

  private listen(stream: MediaStream): void {
    const audio = new AudioContext();
    const analyser = audio.createAnalyser();
    analyser.fftSize = 2048;
    audio.createMediaStreamSource(stream).connect(analyser);
    void audio.resume();
    const samples = new Float32Array(analyser.fftSize);
    this.audio = audio;
    this.heardAtMs = Date.now();
    this.meterTimer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.levelDbfs = dbfs(samples);
      const now = Date.now();
      if (this.levelDbfs > HEARD_DBFS || this.state.phase.kind === "paused") this.heardAtMs = now;
      const isSilent = now - this.heardAtMs > SILENT_AFTER_MS;
      if (isSilent !== this.state.isSilent) this.set({ isSilent });
    }, LEVEL_EVERY_MS);
  }

  private keep(chunk: Blob): void {
    if (!this.record || chunk.size === 0) return;
    const number = this.chunks.length;
    this.chunks.push(chunk);
    this.record = { ...this.record, durationS: elapsedMs(this.state.watch, Date.now()) / 1000, sizeBytes: this.record.sizeBytes + chunk.size };
    const record = this.record;
    this.write(async () => recordings.append(record, number, await chunk.arrayBuffer()));
  }

  /** One after another. */
  private write(work: () => Promise<unknown>): void {
    this.writing = this.writing.then(work).catch(() => this.set({ isUnsafe: true }));
  }

  private finish(): void {
    const { record } = this;
    if (!record) return;
    const sound = new Blob(this.chunks, { type: record.mediaType });
    this.release();
    this.set({ phase: { kind: "stopped", record, sound }, isSilent: false });
  }

  private cut(): void {
    if (this.isRunning()) {
      this.set({ isCut: true });
      this.stop();
    } else if (this.state.phase.kind === "ready") {
      this.release();
      this.set({ phase: { kind: "failed", why: "none" } });
    }
  }

  private forgetCurrent(): void {
    [this.record, this.recorder, this.chunks] = [null, null, []];
    this.release();
    this.unlock();
    this.set({ ...CLOSED });
  }

  private release(): void {
    clearInterval(this.meterTimer);
    this.stream?.getTracks().forEach((track) => {
      track.onended = null;
      track.stop();
    });
    void this.audio?.close().catch(() => undefined);
    [this.stream, this.audio, this.levelDbfs] = [null, null, -100];
    this.letSleep();
  }

  private set(change: Partial<TapeState>): void {
    this.state = { ...this.state, ...change };
    this.listeners.forEach((listener) => listener());
  }
}

/** As a file, named after its time. */
export function fileOf(record: RecordingRecord, sound: Blob): File {
  const at = new Date(record.startedAtMs - 60_000 * new Date(record.startedAtMs).getTimezoneOffset()).toISOString();
  const name = `${at.slice(0, 10)} ${at.slice(11, 13)}h${at.slice(14, 16)}.${endingOf(record.mediaType)}`;
  return new File([sound], name, { type: record.mediaType.split(";")[0], lastModified: record.startedAtMs });
}

function failureOf(error: unknown): Failure {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "unknown";
}

let only: Tape | null = null;

/** The one of this tab. In the browser only. */
export function theTape(): Tape {
  only ??= new Tape();
  return only;
}
