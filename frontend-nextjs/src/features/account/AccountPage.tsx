"use client";

export function AccountPage() {
  return <div className="p-8">AccountPage</div>;
}
