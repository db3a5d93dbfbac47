import assert from "node:assert/strict";
import { test } from "node:test";
import { toByteString } from "../../base/byte-string.ts";
import type { FileState, NodeState, TreeEdit } from "./node-state.ts";
import { Protection } from "./protection.ts";

const FILE: FileState = { type: "file", mode: 0o644, uid: 0, gid: 0, sha256: "0".repeat(64), sizeBytes: 1 };
const DIRECTORY: NodeState = { type: "directory", mode: 0o755, uid: 0, gid: 0 };
const protection = new Protection([]);

function reasonsFor(path: string, after: NodeState = FILE, others: readonly string[] = []): string[] {
  const edit: TreeEdit = { root: 0, path: toByteString(path), before: { type: "absent" }, after };
  return protection.reasonsFor(
    edit,
    toByteString(`/srv/work/app/${path}`),
    others.map((other) => toByteString(other)),
  );
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

const PROTECTED: readonly (readonly [RegExp, string])[] = [
  [
    /next install, build or test/,
    `package.json packages/a/package.json setup.py setup.cfg pyproject.toml build.rs Cargo.toml .cargo/config.toml x.gemspec
    mix.exs binding.gyp .pnpmfile.cjs .pnp.cjs lerna.json composer.json flake.nix shell.nix default.nix Package.swift`,
  ],
  [
    /next install fetches/,
    `.npmrc .yarnrc .yarnrc.yml pnpm-workspace.yaml package-lock.json yarn.lock requirements.txt requirements-dev.txt Pipfile
    poetry.lock Cargo.lock go.mod Gemfile Gemfile.lock pip.conf rust-toolchain.toml`,
  ],
  [
    /next build, test or command/,
    `node_modules/a/index.js node_modules/.bin/tsc sub/node_modules/b/c/d.js .venv/bin/python venv/bin/activate
    .venv/lib/python3.12/site-packages/a.py gradlew mvnw mvnw.cmd gradle/wrapper/gradle-wrapper.jar .mvn/extensions.xml`,
  ],
  [/start of Python/, "sitecustomize.py usercustomize.py sitecustomize/__init__.py x/evil.pth"],
  [
    /next build or test/,
    `Makefile makefile GNUmakefile rules.mk Makefile.am CMakeLists.txt cmake/find.cmake meson.build BUILD BUILD.bazel WORKSPACE
    MODULE.bazel defs.bzl build.gradle build.gradle.kts settings.gradle settings.gradle.kts pom.xml build.sbt Rakefile Justfile
    justfile .justfile Taskfile.yml Taskfile.yaml noxfile.py build/BUILD src/Setup.targets turbo.json nx.json configure
    vite.config.ts vite.config.js vite.config.mts vite.config.prod.ts webpack.config.js webpack.prod.cjs rollup.config.mjs
    babel.config.js babel.config.json jest.config.ts jest.e2e.config.js vitest.config.ts postcss.config.cjs tailwind.config.js
    next.config.mjs nuxt.config.ts svelte.config.js astro.config.mjs playwright.config.ts Gruntfile.js gulpfile.mjs
    gulpfile.js/index.js build.zig dune app.csproj prettier.config.js`,
  ],
  [
    /next test/,
    "conftest.py tests/a/conftest.py tox.ini pytest.ini .mocharc.cjs karma.conf.js jest.setup.ts .coveragerc",
  ],
  [
    /next check/,
    ".eslintrc.js .eslintrc .eslintrc.json eslint.config.mjs .prettierrc .prettierrc.cjs .babelrc .pylintrc",
  ],
  [
    /next container start/,
    `docker-compose.yml docker-compose.override.yaml compose.yaml compose.dev.yml Dockerfile Dockerfile.dev dev.dockerfile
    Containerfile .devcontainer/devcontainer.json docker-entrypoint.sh Vagrantfile`,
  ],
  [/environment at the next/, ".env .env.local .env.production prod.env"],
  [
    /next shell start/,
    ".envrc .bashrc .profile .zshrc .bash_profile .zshenv .config/fish/config.fish mise.toml .tool-versions",
  ],
  [
    /next git operation/,
    `.git/hooks/pre-commit .git/config .git/info/attributes .gitattributes .gitmodules .gitconfig .husky/pre-push
    .pre-commit-config.yaml lefthook.yml .git/HEAD .git/packed-refs .git/refs/heads/main .git/rebase-merge/git-rebase-todo
    .git/objects/info/alternates mirror.git/hooks/post-receive .git/modules/a/config .GIT/Hooks/x .git./config GIT~1/hooks/x`,
  ],
  [
    /build server/,
    ".github/workflows/ci.yml .gitlab-ci.yml .circleci/config.yml Jenkinsfile azure-pipelines.yml .travis.yml CODEOWNERS",
  ],
  [/deployment/, "Procfile vercel.json netlify.toml"],
  [
    /an editor/,
    ".vscode/tasks.json .vscode/launch.json .vscode/settings.json .idea/runConfigurations/a.xml app.code-workspace .vimrc",
  ],
  [
    /coding agents/,
    ".claude/settings.json .cursor/mcp.json .mcp.json AGENTS.md docs/CLAUDE.md .cursorrules .github/copilot-instructions.md",
  ],
  [/contains the agents/, "ztl.config.json ztl.config.ts"],
  [
    /start of the system/,
    ".config/systemd/user/a.service units/a.timer cron.d/job crontab .config/autostart/a.desktop etc/udev/rules.d/x",
  ],
  [/log in/, ".ssh/authorized_keys .netrc .aws/credentials .pypirc .git-credentials .kube/config"],
];

/** A hundred paths that projects are made of. */
const ORDINARY = words(`
  README.md LICENSE CHANGELOG.md CONTRIBUTING.md docs/index.md docs/guide/setup.md docs/git/hooks.md docs/make.md docs/Docker.md
  .gitignore .dockerignore .editorconfig .prettierignore .npmignore tsconfig.json tsconfig.build.json jsconfig.json
  src/index.ts src/main.py src/lib.rs src/main.go src/app.tsx src/app/app.config.ts src/config.ts src/config/database.ts
  src/build.ts src/build/step.ts src/test.ts src/setup.ts src/utils/env.ts src/environment.ts src/hooks/useState.ts
  src/hooks/pre-commit.ts src/git.ts src/make.py src/package.ts src/packages/a.ts src/workspace/workspace.ts src/targets/x86.c
  src/components/Button.vue src/components/Button.module.css src/routes/+page.svelte src/pages/index.astro src/vite.ts
  src/webpack/loader.ts src/jest/helpers.ts src/eslint/rule.js src/docker/compose.ts src/service/user.service.ts
  src/cron/schedule.ts src/agents/agent.ts src/claude/client.py src/cursor.ts src/ssh/client.go src/shell/profile.ts
  lib/index.js lib/user.rb lib/setup/index.js app/models/user.rb app/views/index.html.erb app/tasks.py pkg/server/server.go
  cmd/tool/main.go internal/cache/cache_test.go tests/test_main.py tests/fixtures/data.json test/index.test.ts spec/user_spec.rb
  __tests__/a.test.js e2e/login.spec.ts bench/run.ts examples/hello.py notebooks/analysis.ipynb data/input.csv data/config.json
  public/index.html public/favicon.ico static/style.css assets/logo.svg locales/en.json locales/global.json
  migrations/0001_init.sql schema.graphql proto/api.proto templates/mail.html scripts/report.py bin/tool build/output.js
  build/index.html dist/bundle.js out/a.o target/debug/app coverage/lcov.info include/header.h src/parser.c src/Main.java
  src/main/resources/application.yml config/settings.yaml settings.py manage.py wsgi.py urls.py models.py .git/index
  .git/objects/ab/cdef .git/logs/HEAD .git/COMMIT_EDITMSG var/log.txt venvs.md env.md dockerfiles/readme.md
`);

for (const [reason, paths] of PROTECTED) {
  test(`needs a yes that says why: ${reason.source}`, () => {
    for (const path of words(paths)) {
      for (const written of [path, path.toUpperCase(), `deep/down/${path}`]) {
        const reasons = reasonsFor(written);
        assert.ok(
          reasons.some((one) => reason.test(one)),
          `${written}: ${reasons.join("; ") || "nothing"}`,
        );
      }
      assert.notDeepEqual(reasonsFor("x", FILE, [`/srv/work/app/${path}`]), [], `another name of ${path}`);
      assert.match(reasonsFor("docs/x", link(`../${path}`)).join(), /points to a protected path/, `a link to ${path}`);
    }
  });
}

test("ordinary paths need none, written in either case", () => {
  assert.ok(ORDINARY.length >= 100);
  for (const path of ORDINARY) {
    for (const written of [path, path.toUpperCase()]) assert.deepEqual(reasonsFor(written), [], written);
    assert.deepEqual(reasonsFor(path, FILE, ["/srv/work/app/src/other.ts"]), [], path);
  }
});

test("directories that only share a build file's name are ordinary, a link of that name is not", () => {
  for (const path of ["build", "src/workspace", "targets", "Dockerfiles", "configure"])
    assert.deepEqual(reasonsFor(path, DIRECTORY), [], path);
  assert.notDeepEqual(reasonsFor("build", link("elsewhere")), []);
});

test("what leads to protected paths is protected when a link takes its place", () => {
  for (const path of [".git", ".github", ".vscode", ".git/modules", ".git/modules/a", "mirror.git", "env", "gradle"])
    assert.notDeepEqual(reasonsFor(path, link("elsewhere")), [], path);
  for (const path of [".github", ".vscode", "env"]) assert.deepEqual(reasonsFor(path, DIRECTORY), [], path);
});

test("execute bits count when the file has names that nobody sees here", () => {
  const edit: TreeEdit = { root: 0, path: toByteString("x"), before: FILE, after: { ...FILE, mode: 0o755 } };
  assert.deepEqual(protection.reasonsFor(edit, toByteString("/srv/x"), []), []);
  assert.match(protection.reasonsFor(edit, toByteString("/srv/x"), [], true).join(), /other names/);
});

test("patterns of the configuration: wildcards, any number of directories, any case", () => {
  const own = new Protection(["Infra/**/Secrets", "*.KEYS", "/data/", "**/deep/**", "a*z", "**", "s*/t"]);
  const isProtected = (path: string): boolean =>
    own.reasonsFor({ root: 0, path: toByteString(path), before: FILE, after: FILE }, toByteString(`/srv/${path}`), [])
      .length > 0;
  for (const path of [
    "infra/secrets",
    "infra/a/b/secrets/x",
    "a/INFRA/Secrets",
    "x.keys",
    "data/x",
    "a/deep/b",
    "az",
    "abz/x",
    "s/t",
  ])
    assert.ok(isProtected(path), path);
  for (const path of ["infra/a", "secrets/x", "keys", "x.keys2", "database/x", "deeper/b", "a/z", "s/u"])
    assert.ok(!isProtected(path), path);
});

function link(target: string): NodeState {
  return { type: "symlink", uid: 0, gid: 0, target: toByteString(target) };
}
