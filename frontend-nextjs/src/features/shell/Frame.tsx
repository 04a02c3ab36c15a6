"use client";
/** The frame of every page: who may see it, the navigation, whether the service answers. */
import { AudioLines, CircleUserRound, LogOut, Search, Settings2, UsersRound } from "lucide-react";
import Link from "next/link";
import { usePathname, useRouter } from "next/navigation";
import { useTranslations } from "next-intl";
import { useEffect, type ReactNode } from "react";
import { Button } from "@/components/ui/Button";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "@/components/ui/Menu";
import { Notice } from "@/components/ui/Notice";
import { useMe, useSignOut, type Me } from "@/lib/api/me";
import { cx } from "@/lib/cx";
import { UploadsProvider } from "@/features/uploads";
import { useLiveEvents } from "@/lib/live";
import { initials } from "@/lib/speakers";
import { useErrorText } from "./useErrorText";

const OPEN_PAGES = ["/sign-in", "/welcome"];

export function Frame({ children }: { children: ReactNode }) {
  const t = useTranslations();
  const me = useMe();
  const path = usePathname();
  const router = useRouter();
  const errorText = useErrorText();
  const isOpenPage = OPEN_PAGES.some((page) => path.startsWith(page));
  const isOut = me.data === null;
  const mustChoose = me.data?.must_change_password ?? false;

  useEffect(() => {
    if (isOut && !isOpenPage) router.replace(`/sign-in?to=${encodeURIComponent(window.location.pathname + window.location.search)}`);
    if (mustChoose && !path.startsWith("/welcome")) router.replace("/welcome");
  }, [isOut, isOpenPage, mustChoose, path, router]);

  const isStreamOpen = useLiveEvents(Boolean(me.data) && !mustChoose);
  if (isOpenPage) return <main id="content">{children}</main>;
  if (me.isError && !me.data) {
    return (
      <main id="content" className="mx-auto max-w-lg px-4 py-24">
        <Notice tone="danger" actions={<Button size="sm" onClick={() => void me.refetch()}>{t("common.retry")}</Button>}>
          {errorText(me.error)}
        </Notice>
      </main>
    );
  }
  if (!me.data || mustChoose) return <main id="content" aria-busy="true" className="sr-only">{t("common.loading")}</main>;
  return (
    <div className="flex min-h-dvh flex-col">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-md focus:bg-accent focus:px-4 focus:py-2 focus:text-on-accent">
        {t("shell.skip")}
      </a>
      <TopBar me={me.data} path={path} />
      {!isStreamOpen && (
        <p role="status" className="bg-warning-soft px-4 py-2 text-center text-sm text-warning print:hidden">
          {t("shell.offline")}
        </p>
      )}
      <main id="content" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none max-sm:pb-16">
        <UploadsProvider>{children}</UploadsProvider>
      </main>
    </div>
  );
}

function TopBar({ me, path }: { me: Me; path: string }) {
  const t = useTranslations("shell");
  const router = useRouter();
  const signOut = useSignOut();
  const isAdministrator = me.scopes.includes("admin");
  const links = [
    { href: "/", label: t("meetings"), icon: AudioLines, isHere: path === "/" || path.startsWith("/meetings") },
    { href: "/search", label: t("search"), icon: Search, isHere: path.startsWith("/search") },
    { href: "/voices", label: t("voices"), icon: UsersRound, isHere: path.startsWith("/voices") },
    ...(isAdministrator ? [{ href: "/admin", label: t("admin"), icon: Settings2, isHere: path.startsWith("/admin") }] : []),
  ];
  const name = me.user.display_name || me.user.username;
  return (
    <header className="z-30 border-b border-line bg-paper print:hidden sm:sticky sm:top-0">
      <div className="mx-auto flex h-14 max-w-[90rem] items-center gap-6 px-4 sm:px-6">
        <Link prefetch={false} href="/" className="flex items-center gap-2.5 font-serif text-base font-semibold tracking-tight">
          {/* eslint-disable-next-line @next/next/no-img-element */}
          <img src="/icon.svg" alt="" className="size-7" />
          <span className="max-md:sr-only">{t("product")}</span>
        </Link>
        <nav
          aria-label={t("nav")}
          className="flex flex-1 gap-1 max-sm:fixed max-sm:inset-x-0 max-sm:bottom-0 max-sm:z-30 max-sm:justify-around max-sm:border-t max-sm:border-line max-sm:bg-paper max-sm:px-2 max-sm:pb-[env(safe-area-inset-bottom)]"
        >
          {links.map(({ href, label, icon: Icon, isHere }) => (
            <Link
              key={href}
              href={href}
              prefetch={false}
              aria-current={isHere ? "page" : undefined}
              className={cx(
                "flex items-center gap-2 rounded-md px-3 py-2 text-sm font-medium text-ink-soft hover:text-ink max-sm:min-w-16 max-sm:flex-col max-sm:gap-0.5 max-sm:text-2xs",
                isHere && "text-accent sm:bg-accent-soft",
              )}
            >
              <Icon aria-hidden className="size-4.5" />
              {label}
            </Link>
          ))}
        </nav>
        <Menu
          trigger={
            <button type="button" aria-label={t("account")} className="ml-auto flex size-9 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent">
              {initials(name)}
            </button>
          }
        >
          <MenuLabel>{name}</MenuLabel>
          <MenuItem icon={<CircleUserRound />} onSelect={() => router.push("/account")}>
            {t("account")}
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon={<LogOut />} onSelect={() => signOut.mutate()}>
            {t("signOut")}
          </MenuItem>
        </Menu>
      </div>
    </header>
  );
}
