import type { ComponentProps, ReactNode } from "react";
import { cx } from "@/lib/cx";
import { Hint } from "./Hint";

interface Props extends ComponentProps<"button"> {
  /** Said by screen readers and shown on hover. */
  label: string;
  /** Shown behind the label: the key that does the same. */
  shortcut?: string;
  children: ReactNode;
  size?: "sm" | "md";
  isPressed?: boolean;
}

export function IconButton({ label, shortcut, children, size = "md", isPressed, className, ...rest }: Props) {
  return (
    <Hint text={label} shortcut={shortcut}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={isPressed}
        {...rest}
        className={cx(
          "inline-flex shrink-0 items-center justify-center rounded-md text-ink-soft transition-colors hover:bg-sunken hover:text-ink",
          "disabled:opacity-40 aria-pressed:bg-accent-soft aria-pressed:text-accent",
          size === "sm" ? "size-8 [&_svg]:size-4" : "size-10 [&_svg]:size-5",
          className,
        )}
      >
        {children}
      </button>
    </Hint>
  );
}
