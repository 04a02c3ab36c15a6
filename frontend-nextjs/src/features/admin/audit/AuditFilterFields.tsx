"use client";
import { useTranslations } from "next-intl";
import { SelectField, TextField } from "@/components/ui/Field";
import { useUsers } from "@/lib/api/users";
import { AREAS, type Wishes } from "./wishes";

export function AuditFilterFields({ wishes, onChange }: { wishes: Wishes; onChange: (change: Partial<Wishes>) => void }) {
  const t = useTranslations("audit");
  const users = useUsers().data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div role="group" aria-label={t("filters")} className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
      <SelectField label={t("about_what")} value={wishes.area} onChange={(event) => onChange({ area: event.target.value })}>
        <option value="">{t("everything")}</option>
        {AREAS.map((area) => (
          <option key={area} value={area}>
            {t(`area.${area}`)}
          </option>
        ))}
      </SelectField>
      <SelectField label={t("who")} value={wishes.user} onChange={(event) => onChange({ user: event.target.value })}>
        <option value="">{t("everybody")}</option>
        {users.map((user) => (
          <option key={user.id} value={user.id}>
            {user.display_name ? `${user.display_name} (${user.username})` : user.username}
          </option>
        ))}
      </SelectField>
      <TextField type="date" label={t("from")} value={wishes.from} max={wishes.to || undefined} onChange={(event) => onChange({ from: event.target.value })} />
      <TextField type="date" label={t("to")} value={wishes.to} min={wishes.from || undefined} onChange={(event) => onChange({ to: event.target.value })} />
    </div>
  );
}
