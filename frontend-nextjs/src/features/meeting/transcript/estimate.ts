/** How high a line will be before it is drawn. Near enough that the scroll bar tells the truth. */
import { beginsTurn, type Segment } from "../segments";

const LINE_PX = 28;
const CHARACTER_PX = 7.9;
const AROUND_PX = 10;
const HEADING_PX = 58;

export function estimatedHeight(segments: readonly Segment[], index: number, width_px: number): number {
  const perLine = Math.max(20, Math.floor(width_px / CHARACTER_PX));
  const lines = Math.max(1, Math.ceil((segments[index]?.text.length ?? 0) / perLine));
  return lines * LINE_PX + AROUND_PX + (beginsTurn(segments, index) ? HEADING_PX : 0);
}
