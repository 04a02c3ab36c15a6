import { cx } from "@/lib/cx";
import { initials, speakerColour, speakerNumber } from "@/lib/speakers";

/** A speaker's colour with initials or number: never colour alone. Beside the name, hence hidden from screen readers. */
export function SpeakerDot({ label, name, size = "md" }: { label: string | null; name?: string | null; size?: "sm" | "md" | "lg" }) {
  const text = name ? initials(name) : label ? String(speakerNumber(label)) : "?";
  return (
    <span
      aria-hidden
      data-speaker={speakerColour(label)}
      className={cx(
        "inline-flex shrink-0 items-center justify-center rounded-full border-2 border-speaker bg-speaker-soft font-semibold text-speaker",
        size === "sm" && "size-6 text-2xs",
        size === "md" && "size-8 text-xs",
        size === "lg" && "size-11 text-base",
      )}
    >
      {text}
    </span>
  );
}
