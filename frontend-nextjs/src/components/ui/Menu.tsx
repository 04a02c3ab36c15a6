"use client";
import { DropdownMenu } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "@/lib/cx";
import { Kbd } from "./Kbd";

/** `modal={false}`: a page behind an open menu may be scrolled, and nothing injects a style that the policy forbids. */
export function Menu({ trigger, children, align = "end", ...rest }: { trigger: ReactNode; children: ReactNode; align?: "start" | "end" } & Omit<ComponentProps<typeof DropdownMenu.Root>, "modal">) {
  return (
    <DropdownMenu.Root {...rest} modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="z-40 max-h-[min(70dvh,var(--radix-dropdown-menu-content-available-height))] min-w-52 overflow-y-auto rounded-md border border-line bg-surface p-1 shadow-high"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface ItemProps extends ComponentProps<typeof DropdownMenu.Item> {
  icon?: ReactNode;
  shortcut?: string;
  isDanger?: boolean;
}

export function MenuItem({ icon, shortcut, isDanger = false, className, children, ...rest }: ItemProps) {
  return (
    <DropdownMenu.Item
      {...rest}
      className={cx(
        "flex min-h-9 cursor-pointer items-center gap-2.5 rounded-sm px-2.5 py-1.5 text-sm outline-none select-none data-highlighted:bg-sunken",
        "data-disabled:cursor-not-allowed data-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
        isDanger ? "text-danger data-highlighted:bg-danger-soft" : "text-ink",
        className,
      )}
    >
      {icon}
      <span className="min-w-0 flex-1">{children}</span>
      {shortcut && <Kbd>{shortcut}</Kbd>}
    </DropdownMenu.Item>
  );
}

export function MenuSeparator() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2.5 py-1.5 text-xs font-medium text-ink-faint">{children}</DropdownMenu.Label>;
}
