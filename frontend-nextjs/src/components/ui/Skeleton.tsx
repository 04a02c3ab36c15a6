import { cx } from "@/lib/cx";

/** A place where something will be. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx("animate-pulse rounded-md bg-line/60", className)} />;
}
