import { cx } from "@/lib/cx";

/** `percent`: 0 to 100; null: it works, nobody knows how far it is. */
export function Progress({ percent, label, className }: { percent: number | null; label: string; className?: string }) {
  const value = percent === null ? undefined : Math.min(100, Math.max(0, percent));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === undefined ? undefined : Math.round(value)}
      className={cx("h-1.5 overflow-hidden rounded-full bg-line", className)}
    >
      <div
        className={cx("h-full rounded-full bg-accent transition-[width] duration-500", value === undefined && "w-1/3 animate-pulse")}
        style={value === undefined ? undefined : { width: `${value}%` }}
      />
    </div>
  );
}
