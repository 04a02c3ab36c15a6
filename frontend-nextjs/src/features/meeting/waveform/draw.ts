/** The outline of a recording and the lanes of its speakers, drawn. Pure but for the canvas that is drawn on. */
import type { Segment } from "../segments";
import { speakerColour } from "@/lib/speakers";

/** One bar and the gap behind it, in CSS pixels. */
export const BAR_PX = 3;
const BAR_WIDTH_PX = 2;
const LEAST_PX = 1.5;

export type Colours = Record<string, string>;

/** For each bar the loudest sample of its stretch, 0 to 1, quiet recordings raised so that their shape is seen. */
export function barHeights(data: readonly number[], numBars: number): Float32Array {
  const heights = new Float32Array(numBars);
  const length = data.length >> 1;
  if (length === 0 || numBars === 0) return heights;
  let loudest = 0;
  for (let bar = 0; bar < numBars; bar += 1) {
    const from = Math.floor((bar * length) / numBars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * length) / numBars));
    let top = 0;
    for (let i = from; i < to && i < length; i += 1) top = Math.max(top, data[2 * i + 1]!, -data[2 * i]!);
    heights[bar] = top;
    loudest = Math.max(loudest, top);
  }
  // Softened, so that one cough does not make whispers of all the rest.
  for (let bar = 0; bar < numBars; bar += 1) heights[bar] = loudest > 0 ? Math.pow(heights[bar]! / loudest, 0.75) : 0;
  return heights;
}

/** Who speaks most of each bar's time: `data-speaker` values, null where nobody does. One pass over the segments. */
export function barSpeakers(segments: readonly Segment[], duration_s: number, numBars: number): (string | null)[] {
  const speakers: (string | null)[] = new Array<string | null>(numBars).fill(null);
  const best = new Float64Array(numBars);
  if (duration_s <= 0 || numBars === 0) return speakers;
  const width_s = duration_s / numBars;
  for (const { start, end, speaker } of segments) {
    const last = Math.min(numBars - 1, Math.floor(end / width_s));
    for (let bar = Math.max(0, Math.floor(start / width_s)); bar <= last; bar += 1) {
      const shared_s = Math.min(end, (bar + 1) * width_s) - Math.max(start, bar * width_s);
      if (shared_s <= best[bar]!) continue;
      best[bar] = shared_s;
      speakers[bar] = speakerColour(speaker);
    }
  }
  return speakers;
}

/** Parts of a lane that are drawn as one: a gap narrower than `least_s` would not be seen. */
export function laneBlocks(segments: readonly Segment[], label: string | null, least_s: number): { start: number; end: number }[] {
  const blocks: { start: number; end: number }[] = [];
  for (const { start, end, speaker } of segments) {
    if (speaker !== label) continue;
    const last = blocks.at(-1);
    if (last && start - last.end < least_s) last.end = Math.max(last.end, end);
    else blocks.push({ start, end });
  }
  return blocks;
}

/** Makes the canvas as sharp as the screen and gives a context in CSS pixels. */
export function prepared(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

export function drawBars(context: CanvasRenderingContext2D, height: number, heights: Float32Array, speakers: readonly (string | null)[], colours: Colours): void {
  const middle = height / 2;
  for (let bar = 0; bar < heights.length; bar += 1) {
    const half = Math.max(LEAST_PX / 2, (heights[bar]! * (height - 4)) / 2);
    context.fillStyle = colours[speakers[bar] ?? "none"] ?? "";
    context.beginPath();
    context.roundRect(bar * BAR_PX, middle - half, BAR_WIDTH_PX, half * 2, 1);
    context.fill();
  }
}

export function drawLane(context: CanvasRenderingContext2D, width: number, height: number, blocks: readonly { start: number; end: number }[], duration_s: number, colour: string): void {
  context.fillStyle = colour;
  for (const { start, end } of blocks) {
    const x = (start / duration_s) * width;
    context.fillRect(x, 0, Math.max(1, ((end - start) / duration_s) * width), height);
  }
}

/** The tokens of the theme that stands now. */
export function themeColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const names = [...Array(8).keys()].map(String).concat("none");
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--speaker-${name}`).trim()]));
}
