"use client";
/** Two entries are one person: the other one disappears. */
import { useTranslations } from "next-intl";
import { useDeferredValue, useId, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { Skeleton } from "@/components/ui/Skeleton";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { useMergePeople, usePeople, type Person, type PersonDetail } from "@/lib/api/people";
import { Avatar } from "../Avatar";

export function MergeDialog({ person, onClose }: { person: PersonDetail; onClose: () => void }) {
  const t = useTranslations();
  const say = useToast();
  const errorText = useErrorText();
  const merge = useMergePeople(person.id);
  const [q, setQ] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const people = usePeople(useDeferredValue(q.trim()));
  const others = (people.data?.pages.flatMap((page) => page.items) ?? []).filter((one) => one.id !== person.id && one.may_change);
  const submit = () => {
    if (!chosen) return;
    merge.mutate(chosen, {
      onSuccess: () => {
        onClose();
        say(t("voices.merge.done"));
      },
    });
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("voices.merge.title", { name: person.name })}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="danger" isBusy={merge.isPending} disabled={!others.some((one) => one.id === chosen)} onClick={submit}>
            {t("voices.merge.submit")}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <p className="text-ink-soft">{t("voices.merge.body", { name: person.name })}</p>
        <TextField label={t("voices.search")} type="search" value={q} onChange={(event) => setQ(event.target.value)} autoComplete="off" data-autofocus />
        {people.isPending && <Skeleton className="h-24" />}
        {people.data && others.length === 0 && <p className="text-ink-soft">{t("voices.merge.none")}</p>}
        <Others people={others} chosen={chosen} onChoose={setChosen} />
        {merge.isError && <Notice tone="danger">{errorText(merge.error)}</Notice>}
      </div>
    </Dialog>
  );
}

function Others({ people, chosen, onChoose }: { people: Person[]; chosen: string | null; onChoose: (id: string) => void }) {
  const t = useTranslations("voices");
  const name = useId();
  if (people.length === 0) return null;
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">{t("merge.which")}</legend>
      <ul className="max-h-64 divide-y divide-line overflow-y-auto">
        {people.map((one) => (
          <li key={one.id}>
            <label className="flex cursor-pointer items-center gap-3 rounded-md px-2 py-2 hover:bg-sunken has-checked:bg-accent-soft">
              <input type="radio" name={name} checked={chosen === one.id} onChange={() => onChoose(one.id)} className="size-4.5 accent-accent" />
              <Avatar name={one.name} />
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">{one.name}</span>
                <span className="block text-xs text-ink-faint">{t("row.samples", { count: one.num_voiceprints })}</span>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
