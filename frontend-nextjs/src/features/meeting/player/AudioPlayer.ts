/** One audio element and what the page wants of it: heard from here to there, silences left out, told at every frame.
 *
 * Owns the element, the clock and the settings. Never renders: views subscribe, to `onState` for what changes rarely and
 * to `subscribe` for the time.
 */
import { silenceAt, type Stretch } from "../segments";
import { readPosition, readSettings, writePosition, writeSettings, type Settings } from "./memory";

export interface PlayerState extends Settings {
  isPlaying: boolean;
  /** It should sound, but waits for bytes. */
  isWaiting: boolean;
  error: "network" | "format" | null;
  duration_s: number;
}

type Listener = (at_s: number) => void;
const REMEMBER_EVERY_MS = 5000;

export class AudioPlayer {
  state: PlayerState;
  private silences: readonly Stretch[] = [];
  /** Somebody chose where it stands: it is not only where one was the last time. */
  wasSought = false;
  private readonly audio: HTMLAudioElement;
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<() => void>();
  private frame = 0;
  private until_s: number | null = null;
  /** The element stands where it was wanted. Before that its clock says 0, whatever was asked for. */
  private isPlaced = false;
  private wanted_s: number;
  private remembered = 0;

  constructor(
    private readonly meetingId: string,
    /** Null: there is no recording any more. Then only the place moves. */
    private readonly url: string | null,
    duration_s: number,
  ) {
    this.wanted_s = readPosition(meetingId);
    this.state = { ...readSettings(), isPlaying: false, isWaiting: false, error: null, duration_s };
    this.audio = new Audio();
    this.audio.preload = "metadata";
    this.audio.volume = this.state.volume;
    const on = (name: string, heard: () => void) => this.audio.addEventListener(name, heard);
    on("loadedmetadata", () => {
      // A browser's guess of a file without a table of contents is worse than what the service measured.
      if (this.state.duration_s === 0 && Number.isFinite(this.audio.duration)) this.change({ duration_s: this.audio.duration });
      this.audio.playbackRate = this.state.rate;
      if (this.wanted_s > 0) this.audio.currentTime = this.wanted_s;
      this.isPlaced = true;
    });
    on("play", () => this.began());
    on("playing", () => this.change({ isWaiting: false, error: null }));
    on("waiting", () => this.change({ isWaiting: this.state.isPlaying }));
    on("pause", () => this.stopped());
    on("ended", () => this.stopped());
    on("seeked", () => this.tell());
    on("error", () => this.failed());
  }

  get hasSound(): boolean {
    return this.url !== null;
  }

  readonly onState = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly getState = (): PlayerState => this.state;

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly now = (): number => (this.isPlaced && !this.audio.seeking ? this.audio.currentTime : this.wanted_s);

  readonly play = (start_s: number, end_s?: number): void => {
    this.seek(start_s);
    this.until_s = end_s ?? null;
    this.start();
  };

  readonly pause = (): void => this.audio.pause();

  readonly toggle = (): void => {
    if (!this.audio.paused) return this.audio.pause();
    if (this.state.duration_s > 0 && this.now() >= this.state.duration_s - 0.05) this.seek(0);
    this.until_s = null;
    this.start();
  };

  readonly seek = (at_s: number): void => {
    const last = this.state.duration_s || Infinity;
    this.wanted_s = Math.min(Math.max(0, at_s), last);
    this.until_s = null;
    this.wasSought = true;
    this.source();
    if (this.isPlaced) this.audio.currentTime = this.wanted_s;
    this.tell();
    this.remember();
  };

  readonly step = (by_s: number): void => this.seek(this.now() + by_s);

  readonly set = (settings: Partial<Settings>): void => {
    this.change(settings);
    this.audio.playbackRate = this.state.rate;
    this.audio.volume = this.state.volume;
    const { rate, volume, skipsSilence, showsLanes } = this.state;
    writeSettings({ rate, volume, skipsSilence, showsLanes });
  };

  readonly retry = (): void => {
    this.wanted_s = this.now();
    this.change({ error: null });
    this.isPlaced = false;
    this.audio.removeAttribute("src");
    this.start();
  };

  /** What is jumped over while `skipsSilence`. */
  readonly setSilences = (stretches: readonly Stretch[]): void => {
    this.silences = stretches;
  };

  readonly setDuration = (duration_s: number): void => {
    if (duration_s > 0 && duration_s !== this.state.duration_s) this.change({ duration_s });
  };

  /** The page is left: nothing sounds on, nothing is loaded on. */
  readonly close = (): void => {
    this.remember();
    this.audio.pause();
    cancelAnimationFrame(this.frame);
    this.wanted_s = this.now();
    this.isPlaced = false;
    this.audio.removeAttribute("src");
    this.audio.load();
    this.listeners.clear();
    this.watchers.clear();
  };

  readonly remember = (): void => {
    this.remembered = performance.now();
    writePosition(this.meetingId, this.now(), this.state.duration_s || Infinity);
  };

  /** Nothing is fetched of a recording that nobody wants to hear. */
  private source(): void {
    if (this.url !== null && !this.audio.hasAttribute("src")) this.audio.src = this.url;
  }

  private start(): void {
    if (this.url === null) return;
    this.source();
    this.audio.playbackRate = this.state.rate;
    this.audio.play().catch((reason: unknown) => {
      // A browser wants a gesture first (a link opened from elsewhere): it stands there, ready to be played.
      if (reason instanceof DOMException && reason.name === "NotSupportedError") this.failed();
    });
  }

  private began(): void {
    this.change({ isPlaying: true, error: null });
    cancelAnimationFrame(this.frame);
    const tick = () => {
      if (this.audio.paused) return;
      this.frame = requestAnimationFrame(tick);
      this.pass();
    };
    this.frame = requestAnimationFrame(tick);
  }

  private pass(): void {
    if (this.audio.seeking || !this.isPlaced) return;
    const at_s = this.audio.currentTime;
    if (this.until_s !== null && at_s >= this.until_s) {
      this.until_s = null;
      this.audio.pause();
    } else if (this.state.skipsSilence) {
      const silence = silenceAt(this.silences, at_s);
      if (silence && silence.end - at_s > 0.5) this.audio.currentTime = silence.end;
    }
    this.wanted_s = at_s;
    if (performance.now() - this.remembered > REMEMBER_EVERY_MS) this.remember();
    this.tell();
  }

  private stopped(): void {
    cancelAnimationFrame(this.frame);
    this.wanted_s = this.now();
    this.change({ isPlaying: false, isWaiting: false });
    this.remember();
    this.tell();
  }

  private failed(): void {
    if (!this.audio.hasAttribute("src")) return;
    const code = this.audio.error?.code;
    this.change({ error: code === MediaError.MEDIA_ERR_DECODE ? "format" : "network", isPlaying: false, isWaiting: false });
    if (code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED) void this.tellApart();
  }

  /** Browsers call both "not supported": a file of a strange kind, and one that did not come. */
  private async tellApart(): Promise<void> {
    const has = this.url !== null && (await fetch(this.url, { method: "HEAD" }).then((answer) => answer.ok, () => false));
    if (has && this.state.error) this.change({ error: "format" });
  }

  private tell(): void {
    const at_s = this.now();
    this.listeners.forEach((listener) => listener(at_s));
  }

  private change(part: Partial<PlayerState>): void {
    this.state = { ...this.state, ...part };
    this.watchers.forEach((watcher) => watcher());
  }
}
