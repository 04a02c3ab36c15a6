import type { ReactNode } from "react";

export function EmptyState({ icon, title, children, actions }: { icon?: ReactNode; title: ReactNode; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-lg flex-col items-center gap-3 px-4 py-16 text-center">
      {icon && <div className="rounded-full bg-accent-soft p-4 text-accent [&_svg]:size-7">{icon}</div>}
      <h2 className="font-serif text-xl font-semibold">{title}</h2>
      {children && <div className="text-ink-soft">{children}</div>}
      {actions && <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}
