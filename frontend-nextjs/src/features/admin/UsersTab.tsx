"use client";
import { UserRoundPlus } from "lucide-react";
import { useTranslations } from "next-intl";
import { useRef, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Failed } from "@/components/ui/Failed";
import { Skeleton } from "@/components/ui/Skeleton";
import { useMe } from "@/lib/api/me";
import { useUsers, type Invited, type User } from "@/lib/api/users";
import { AskDialog, type Deed } from "./users/AskDialog";
import { InvitedDialog } from "./users/InvitedDialog";
import { InviteDialog } from "./users/InviteDialog";
import { RenameDialog } from "./users/RenameDialog";
import { UserRow } from "./users/UserRow";

type Open = { kind: "invite" } | { kind: "rename"; user: User } | { kind: "ask"; user: User; deed: Deed } | { kind: "invited"; invited: Invited; isNew: boolean };

export function UsersTab() {
  const t = useTranslations("admin.users");
  const me = useMe().data;
  const users = useUsers();
  const [open, setOpen] = useState<Open | null>(null);
  const cameFrom = useRef<HTMLElement | null>(null);
  const close = () => {
    setOpen(null);
    requestAnimationFrame(() => cameFrom.current?.focus()); // a menu's entry is gone by now; its button is not
  };
  const openFrom = (button: HTMLElement | null, what: Open) => {
    cameFrom.current = button;
    setOpen(what);
  };
  if (users.isPending) return <Skeleton className="h-64" />;
  if (!users.data) return <Failed error={users.error} onRetry={() => void users.refetch()} />;
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-4">
        <p className="text-ink-soft">{t("about")}</p>
        <Button kind="primary" onClick={(event) => openFrom(event.currentTarget, { kind: "invite" })}>
          <UserRoundPlus aria-hidden />
          {t("invite")}
        </Button>
      </div>
      <ul className="divide-y divide-line border-y border-line">
        {users.data.pages
          .flatMap((page) => page.items)
          .map((user) => (
            <UserRow
              key={user.id}
              user={user}
              isMe={user.id === me?.user.id}
              onRename={(button) => openFrom(button, { kind: "rename", user })}
              onAsk={(button, deed) => openFrom(button, { kind: "ask", user, deed })}
            />
          ))}
      </ul>
      {users.hasNextPage && (
        <div className="mt-4 text-center">
          <Button isBusy={users.isFetchingNextPage} onClick={() => void users.fetchNextPage()}>
            {t("showMore")}
          </Button>
        </div>
      )}
      {open?.kind === "invite" && <InviteDialog onClose={close} onInvited={(invited) => setOpen({ kind: "invited", invited, isNew: true })} />}
      {open?.kind === "rename" && <RenameDialog user={open.user} onClose={close} />}
      {open?.kind === "ask" && (
        <AskDialog user={open.user} deed={open.deed} onClose={close} onReset={(invited) => setOpen({ kind: "invited", invited, isNew: false })} />
      )}
      {open?.kind === "invited" && <InvitedDialog invited={open.invited} isNew={open.isNew} onClose={close} />}
    </>
  );
}
