"use client";
import { useTranslations } from "next-intl";
import { useEffect, useId, useMemo, useRef, type ReactNode } from "react";
import { Button } from "@/components/ui/Button";
import { useLanguage } from "@/features/shell/Language";
import type { MeetingOrder, MeetingSummary } from "@/lib/api/meetings";
import { cx } from "@/lib/cx";
import { dayOfMeeting, grouped, monthName, type Heading } from "./groups";
import { MeetingRow } from "./MeetingRow";
import type { Asked } from "./MeetingsPage";
import { dayOf } from "./view";

interface Props {
  pinned: MeetingSummary[];
  meetings: MeetingSummary[];
  order: MeetingOrder;
  /** Of the filters before; the new ones are on their way. */
  isStale: boolean;
  hasMore: boolean;
  isLoadingMore: boolean;
  onMore: () => void;
  onAsk: (what: Asked, meeting: MeetingSummary) => void;
}

export function MeetingList({ pinned, meetings, order, isStale, hasMore, isLoadingMore, onMore, onAsk }: Props) {
  const t = useTranslations("meetings");
  const groups = useMemo(() => {
    if (order.endsWith("held_on")) return grouped(meetings, dayOfMeeting, new Date());
    if (order.endsWith("created_at")) return grouped(meetings, (meeting) => dayOf(new Date(meeting.created_at)), new Date());
    return [{ key: "all", heading: null, meetings }];
  }, [meetings, order]);
  return (
    <div className={cx("transition-opacity", isStale && "opacity-60")} aria-busy={isStale}>
      {pinned.length > 0 && (
        <Section title={t("underWay")}>
          {pinned.map((meeting) => (
            <MeetingRow key={meeting.id} meeting={meeting} onAsk={onAsk} />
          ))}
        </Section>
      )}
      {groups.map((group, place) =>
        group.meetings.length > 0 ? (
          <Section key={`${group.key}-${place}`} title={group.heading ? <HeadingText heading={group.heading} /> : t("all")} isHidden={!group.heading}>
            {group.meetings.map((meeting) => (
              <MeetingRow key={meeting.id} meeting={meeting} onAsk={onAsk} />
            ))}
          </Section>
        ) : null,
      )}
      {hasMore && <More isLoading={isLoadingMore} onMore={onMore} />}
    </div>
  );
}

function HeadingText({ heading }: { heading: Heading }) {
  const t = useTranslations("meetings");
  const { language } = useLanguage();
  if (heading.kind === "month") return monthName(heading.month, language);
  return t(`heading.${heading.kind}`);
}

function Section({ title, isHidden = false, children }: { title: ReactNode; isHidden?: boolean; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="mt-8">
      <h2 id={id} className={isHidden ? "sr-only" : "-mx-3 border-b border-line px-3 pb-2 text-xs font-semibold tracking-wide text-ink-faint uppercase"}>
        {title}
      </h2>
      <ul>{children}</ul>
    </section>
  );
}

/** Comes by itself when one gets there; the button is for those who do not scroll. */
function More({ isLoading, onMore }: { isLoading: boolean; onMore: () => void }) {
  const t = useTranslations("meetings");
  const ref = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  useEffect(() => {
    latest.current = onMore;
  });
  useEffect(() => {
    if (!ref.current || isLoading) return;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && latest.current(), { rootMargin: "600px" });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [isLoading]);
  return (
    <div ref={ref} className="flex justify-center py-8">
      <Button isBusy={isLoading} onClick={onMore}>
        {t("more")}
      </Button>
    </div>
  );
}
