import assert from "node:assert/strict";
import { test } from "node:test";
import { type KvmAccess, kvmAccessAdvice } from "./kvm-access.ts";

const device: KvmAccess = { mode: 0o660, owner: "root", group: "kvm", gid: 108, user: "ada", isMember: false };

test("a group that may use the device is to be joined, by its name", () => {
  assert.match(kvmAccessAdvice(device).remedy, /usermod -aG kvm ada/);
  assert.match(kvmAccessAdvice({ ...device, group: "virt" }).remedy, /usermod -aG virt ada/);
});

test("one who has joined it has to log in again", () => {
  const { remedy } = kvmAccessAdvice({ ...device, isMember: true });
  assert.match(remedy, /log in again/);
  assert.doesNotMatch(remedy, /usermod/);
});

test("a device for root alone is given to a group first: joining one would not help", () => {
  const rootOnly = { ...device, mode: 0o600, group: "root", gid: 0 };
  for (const access of [rootOnly, { ...rootOnly, mode: 0o660 }, { ...rootOnly, group: "kvm", gid: 108 }]) {
    const { text, remedy } = kvmAccessAdvice(access);
    assert.match(remedy, /chgrp kvm \/dev\/kvm && sudo chmod 660 \/dev\/kvm && sudo usermod -aG kvm ada/);
    assert.doesNotMatch(remedy, /-aG root/);
    assert.match(text, /ada may not open it \(root:(root|kvm), mode 06[06]0\)/);
  }
});

test("a user without an account cannot be put into a group", () => {
  for (const mode of [0o600, 0o660])
    assert.doesNotMatch(kvmAccessAdvice({ ...device, mode, user: "uid-54321" }).remedy, /usermod/);
});
