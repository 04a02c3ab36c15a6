"use client";
import { ChevronDown } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Popover } from "@/components/ui/Popover";
import { cx } from "@/lib/cx";

/** A filter: its name, or what is chosen in it; opens where it is chosen. */
export function FilterButton({ name, chosen, children, className }: { name: string; chosen?: string; children: ReactNode | ((close: () => void) => ReactNode); className?: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      label={name}
      isOpen={isOpen}
      onOpenChange={setOpen}
      className={className}
      trigger={
        <button
          type="button"
          className={cx(
            "flex h-8 max-w-56 items-center gap-1.5 rounded-full border px-3 text-xs font-medium max-sm:h-10",
            chosen ? "border-accent bg-accent-soft text-accent" : "border-line text-ink-soft hover:border-line-strong hover:text-ink",
          )}
        >
          <span className="truncate">
            {chosen ? (
              <>
                <span className="sr-only">{name}: </span>
                {chosen}
              </>
            ) : (
              name
            )}
          </span>
          <ChevronDown aria-hidden className="size-3.5 shrink-0" />
        </button>
      }
    >
      {typeof children === "function" ? children(() => setOpen(false)) : children}
    </Popover>
  );
}
