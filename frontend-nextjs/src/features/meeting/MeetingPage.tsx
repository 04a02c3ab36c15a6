"use client";

export function MeetingPage() {
  return <div className="p-8">MeetingPage</div>;
}
