"use client";
import { Ellipsis, KeyRound, Pencil, ShieldMinus, ShieldPlus, Trash2, UserRoundCheck, UserRoundX } from "lucide-react";
import { useTranslations } from "next-intl";
import { useRef } from "react";
import { Badge } from "@/components/ui/Badge";
import { Menu, MenuItem, MenuSeparator } from "@/components/ui/Menu";
import { useToast } from "@/components/ui/Toast";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { useChangeUser, type User } from "@/lib/api/users";
import { cx } from "@/lib/cx";
import { ago } from "@/lib/format";
import { initials } from "@/lib/speakers";
import type { Deed } from "./AskDialog";

interface Props {
  user: User;
  isMe: boolean;
  /** `button`: where the focus goes back to. */
  onRename: (button: HTMLElement | null) => void;
  onAsk: (button: HTMLElement | null, deed: Deed) => void;
}

export function UserRow({ user, isMe, onRename, onAsk }: Props) {
  const t = useTranslations("admin.users");
  const { language } = useLanguage();
  const name = user.display_name || user.username;
  return (
    <li className={cx("flex items-center gap-4 py-3.5", !user.is_active && "text-ink-faint")}>
      <span aria-hidden className={cx("flex size-10 shrink-0 items-center justify-center rounded-full text-sm font-semibold", user.is_active ? "bg-accent-soft text-accent" : "bg-sunken")}>
        {initials(name)}
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="text-base font-medium break-words">{name}</span>
          {isMe && <Badge>{t("you")}</Badge>}
          {user.role === "admin" && <Badge tone="accent">{t("role.admin")}</Badge>}
          {!user.is_active && <Badge tone="danger">{t("inactive")}</Badge>}
          {user.is_active && user.must_change_password && <Badge tone="warning">{user.last_login_at ? t("mustChoose") : t("invited")}</Badge>}
        </p>
        <p className="truncate text-sm text-ink-faint">
          {user.display_name && <>{user.username} · </>}
          {user.last_login_at ? t("lastSeen", { ago: ago(user.last_login_at, language) }) : t("never")}
        </p>
      </div>
      <Actions user={user} name={name} onRename={onRename} onAsk={onAsk} />
    </li>
  );
}

function Actions({ user, name, onRename, onAsk }: Omit<Props, "isMe"> & { name: string }) {
  const t = useTranslations("admin.users");
  const say = useToast();
  const errorText = useErrorText();
  const change = useChangeUser();
  const button = useRef<HTMLButtonElement>(null);
  const ask = (deed: Deed) => onAsk(button.current, deed);
  const activate = () =>
    change.mutate(
      { user_id: user.id, changes: { is_active: true } },
      { onSuccess: () => say(t("saved")), onError: (error) => say(errorText(error), { kind: "error" }) },
    );
  return (
    <Menu
      trigger={
        <button ref={button} type="button" aria-label={t("more", { name })} className="flex size-10 shrink-0 items-center justify-center rounded-md text-ink-soft hover:bg-sunken hover:text-ink">
          <Ellipsis aria-hidden className="size-5" />
        </button>
      }
    >
      <MenuItem icon={<Pencil />} onSelect={() => onRename(button.current)}>
        {t("rename")}
      </MenuItem>
      <MenuItem icon={<KeyRound />} onSelect={() => ask("reset")}>
        {t("reset")}
      </MenuItem>
      {user.role === "admin" ? (
        <MenuItem icon={<ShieldMinus />} onSelect={() => ask("makeMember")}>
          {t("makeMember")}
        </MenuItem>
      ) : (
        <MenuItem icon={<ShieldPlus />} onSelect={() => ask("makeAdmin")}>
          {t("makeAdmin")}
        </MenuItem>
      )}
      <MenuSeparator />
      {user.is_active ? (
        <MenuItem icon={<UserRoundX />} isDanger onSelect={() => ask("deactivate")}>
          {t("deactivate")}
        </MenuItem>
      ) : (
        <MenuItem icon={<UserRoundCheck />} onSelect={activate}>
          {t("activate")}
        </MenuItem>
      )}
      <MenuItem icon={<Trash2 />} isDanger onSelect={() => ask("delete")}>
        {t("delete")}
      </MenuItem>
    </Menu>
  );
}
