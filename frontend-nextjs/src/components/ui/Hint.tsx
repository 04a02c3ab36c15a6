"use client";
import { Tooltip } from "radix-ui";
import type { ReactNode } from "react";
import { Kbd } from "./Kbd";

/** A few words on hover and focus. Never the only place where something is said. */
export function Hint({ text, shortcut, children }: { text: ReactNode; shortcut?: string; children: ReactNode }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={6}
          collisionPadding={8}
          className="z-50 flex max-w-72 items-center gap-2 rounded-md bg-ink px-2.5 py-1.5 text-xs text-paper shadow-high"
        >
          {text}
          {shortcut && <Kbd>{shortcut}</Kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
