import { cx } from "@/lib/cx";
import { initials } from "@/lib/speakers";

/** A person of the bank: initials, in no speaker's colour. Beside the name, hence hidden from screen readers. */
export function Avatar({ name, size = "md" }: { name: string; size?: "md" | "lg" }) {
  return (
    <span
      aria-hidden
      className={cx(
        "inline-flex shrink-0 items-center justify-center rounded-full bg-accent-soft font-semibold text-accent",
        size === "md" ? "size-10 text-sm" : "size-14 text-lg",
      )}
    >
      {initials(name) || "?"}
    </span>
  );
}
