import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cx } from "@/lib/cx";
import { Spinner } from "./Spinner";

const KINDS = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border border-line bg-surface text-ink hover:border-line-strong hover:bg-sunken",
  quiet: "text-ink-soft hover:bg-sunken hover:text-ink",
  danger: "border border-danger/40 bg-surface text-danger hover:bg-danger-soft",
};
const SIZES = { sm: "h-8 gap-1.5 px-2.5 text-xs", md: "h-10 gap-2 px-3.5 text-sm", lg: "h-12 gap-2.5 px-5 text-base" };

interface Props extends ComponentProps<"button"> {
  kind?: keyof typeof KINDS;
  size?: keyof typeof SIZES;
  /** Shows that it works, and cannot be pressed meanwhile. */
  isBusy?: boolean;
  /** The child is the element: for links that look like buttons. */
  asChild?: boolean;
}

export function Button({ kind = "secondary", size = "md", isBusy = false, asChild = false, className, children, disabled, ...rest }: Props) {
  const names = cx(
    "inline-flex shrink-0 select-none items-center justify-center rounded-md font-medium transition-colors",
    "disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
    KINDS[kind],
    SIZES[size],
    className,
  );
  if (asChild) return <Slot.Root className={names}>{children}</Slot.Root>;
  return (
    <button type="button" {...rest} className={names} disabled={disabled || isBusy} aria-busy={isBusy || undefined}>
      {isBusy && <Spinner />}
      {children}
    </button>
  );
}
