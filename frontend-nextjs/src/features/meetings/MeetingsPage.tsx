"use client";

export function MeetingsPage() {
  return <div className="p-8">MeetingsPage</div>;
}
