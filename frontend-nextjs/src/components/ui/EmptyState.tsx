import type { ReactNode } from "react";

interface Props {
  icon?: ReactNode;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** It is the whole page: its title is the page's. */
  isPage?: boolean;
}

export function EmptyState({ icon, title, children, actions, isPage = false }: Props) {
  const Heading = isPage ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-lg flex-col items-center gap-3 px-4 py-16 text-center">
      {icon && <div className="rounded-full bg-accent-soft p-4 text-accent [&_svg]:size-7">{icon}</div>}
      <Heading className="font-serif text-xl font-semibold">{title}</Heading>
      {children && <div className="text-ink-soft">{children}</div>}
      {actions && <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}
