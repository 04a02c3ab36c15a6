"use client";

export function AdminPage() {
  return <div className="p-8">AdminPage</div>;
}
