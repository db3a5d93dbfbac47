/** Paths whose content somebody's tools run or trust without being asked. Approving one takes a yes that names it. */
export interface ProtectedPath {
  /** Names joined by `/`, anywhere in a path, in any case; `*` is any part of a name, `**` any number of names. */
  readonly pattern: string;
  readonly reason: string;
  /** Only a file (or a link) of that name, where a directory of the same name is nothing special: Bazel's `BUILD`, `build/`. */
  readonly isFile?: boolean;
}

/*
 * Each family says when its files take effect, for that is what the person who is asked has to judge. A pattern protects the
 * path and all below it. Source files are in no family: they run as well, but are what a reviewer reads.
 */

const GIT = "runs at the next git operation";
const HISTORY = "decides what the next git operation checks out, commits or sends";
const SHELL = "runs at the next shell start";
const LOGIN = "decides who may log in, or holds keys";
const TEST = "runs at the next test";
const BUILD_OR_TEST = "runs at the next build or test";
const INSTALL = "runs at the next install, build or test";
const PACKAGES = "decides what the next install fetches and runs";
const PYTHON = "runs at the next start of Python";
const PROGRAM = "a program that the next build, test or command runs";
const CHECK = "runs at the next check or formatting of the sources";
const CONTAINER = "runs at the next container start or build";
const ENVIRONMENT = "sets the environment at the next program, shell or container start";
const DEPLOYMENT = "runs at the next deployment";
const CI = "runs on the build server at the next push";
const AGENT = "tells coding agents what to do at their next start, or starts programs for them";
const EDITOR = "an editor starts programs from it when it opens the project";
const SYSTEM = "runs at the next start of the system or a session, or at a set time";
const OWN = "configures what contains the agents, at their next start";

export const PROTECTED_PATHS: readonly ProtectedPath[] = [
  // `*.git` are bare repositories as well. Objects and the index name nothing that a reference does not.
  ...paths(
    GIT,
    `*.git/hooks *.git/config *.git/config.worktree *.git/info *.git/commondir *.git/modules/**/hooks *.git/modules/**/config
    *.git/worktrees/*/config.worktree *.git/worktrees/*/gitdir *.git/worktrees/*/commondir *.git/rebase-merge
    *.git/rebase-apply *.git/sequencer *.git/objects/info .gitmodules .gitattributes .gitconfig .config/git .husky .githooks
    githooks lefthook.* .lefthook.* lefthook-local.* .lefthook .pre-commit-config.y*ml .pre-commit-hooks.y*ml
    .overcommit.yml .git-hooks .hg/hgrc .hgsub .svn .jj/repo/config.toml .lintstagedrc* lint-staged.config.* .huskyrc*`,
  ),
  ...paths(
    HISTORY,
    "*.git/head *.git/packed-refs *.git/refs *.git/shallow *.git/modules/**/head *.git/modules/**/packed-refs",
  ),
  ...paths(
    SHELL,
    `.bashrc .bash_profile .bash_login .bash_logout .bash_aliases .bash_completion .profile .inputrc .zshrc .zshenv .zprofile
    .zlogin .zlogout .zsh .oh-my-zsh .config/fish .config/nushell .cshrc .tcshrc .kshrc .mkshrc .login .xprofile .xinitrc
    .xsession .xsessionrc .pam_environment .tmux.conf .screenrc .envrc .direnv .mise.toml mise.toml .config/mise .mise
    .tool-versions .asdfrc .autoenv .env.fish etc/profile etc/profile.d etc/bash.bashrc etc/environment etc/zsh
    profile.ps1 *_profile.ps1 .config/powershell .rvmrc`,
  ),
  ...paths(ENVIRONMENT, ".env .env.* *.env .flaskenv .dev.vars .config/environment.d"),
  ...paths(
    LOGIN,
    `.ssh .gnupg .netrc .aws .azure .kube .docker/config.json .config/gcloud .config/gh .password-store .git-credentials
    .pypirc .gem/credentials .cargo/credentials .cargo/credentials.toml authorized_keys etc/passwd etc/shadow etc/group
    etc/sudoers etc/sudoers.d etc/pam.d etc/ssh`,
  ),
  // Whole languages: what installs, builds and tests them.
  ...paths(
    INSTALL,
    `package.json package.json5 package.yaml binding.gyp *.gyp *.gypi .pnpmfile.cjs .pnpmfile.mjs pnpmfile.* .pnp.cjs .pnp.js
    .pnp.loader.mjs .yarn/releases .yarn/plugins .yarn/sdks .yarn/patches .yarn/unplugged .yarn/cache lerna.json rush.json
    common/config/rush deno.json deno.jsonc bunfig.toml patches/*.patch
    setup.py setup.cfg pyproject.toml hatch.toml hatch_build.py build.rs cargo.toml .cargo/config .cargo/config.toml
    *.gemspec extconf.rb mix.exs composer.json makefile.pl build.pl *.podspec podfile package.swift *.rockspec
    conanfile.* *.opam setup.hs setup.lhs *.cabal *.nimble *.nuspec guix.scm flake.nix shell.nix default.nix devenv.nix`,
  ),
  ...paths(
    PACKAGES,
    `.npmrc .yarnrc .yarnrc.y*ml pnpm-workspace.yaml package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock
    bun.lockb deno.lock import_map.json requirements*.txt *requirements.txt requirements/*.txt requirements*.in constraints.txt
    pipfile pipfile.lock poetry.lock poetry.toml pdm.lock pdm.toml uv.lock uv.toml pixi.toml pixi.lock environment.y*ml
    pip.conf pip.ini .config/pip .condarc cargo.lock go.mod go.sum go.work go.work.sum gemfile gemfile.lock gems.rb
    gems.locked .gemrc .bundle/config mix.lock composer.lock podfile.lock cartfile cartfile.resolved package.resolved
    flake.lock gradle.lockfile .m2/settings.xml nuget.config packages.config packages.lock.json paket.dependencies paket.lock
    directory.packages.props vcpkg.json pubspec.yaml pubspec.lock renv.lock cpanfile rust-toolchain rust-toolchain.toml
    stack.yaml.lock`,
  ),
  // What was installed is what runs, and nobody reads it.
  ...paths(
    PROGRAM,
    `node_modules bower_components jspm_packages .venv venv .virtualenv virtualenv .virtualenvs env/bin env/lib env/scripts
    pyvenv.cfg site-packages dist-packages __pypackages__ .tox .nox .direnv .bundle vendor/bundle vendor/bin vendor/composer vendor/autoload.php .local/bin .cargo/bin go/bin
    gradle/wrapper gradlew gradlew.bat mvnw mvnw.cmd .mvn npmw `,
  ),
  ...paths(
    PYTHON,
    "sitecustomize.py sitecustomize usercustomize.py usercustomize *.pth .pythonstartup .pythonrc* .pdbrc*",
  ),
  ...paths(
    BUILD_OR_TEST,
    `makefile gnumakefile *.mk *.mak makefile.* cmakelists.txt *.cmake cmakepresets.json cmakeuserpresets.json ctestconfig.cmake
    meson.build meson.options meson_options.txt build.ninja *.ninja build.bazel workspace.bazel module.bazel *.bzl
    .bazelrc bazel.bazelrc sconstruct sconscript wscript configure.ac configure.in configure.py autogen.sh aclocal.m4
    *.gradle *.gradle.kts gradle.properties buildsrc gradle/libs.versions.toml pom.xml build.xml build.sbt *.sbt build.sc
    .jvmopts .sbtopts project.clj deps.edn build.boot bb.edn rakefile rakefile.rb *.rake
    justfile .justfile *.just taskfile.y*ml taskfile.dist.y*ml dodo.py fabfile.py pavement.py noxfile.py
    magefile.go jakefile jakefile.* gruntfile.* gulpfile.* *.csproj *.fsproj *.vbproj *.vcxproj *.targets *.props *.sln *.slnx 
    .config/dotnet-tools.json build.cake build.ps1 build.fsx stack.yaml cabal.project cabal.project.local dune-project
    rebar.config *.rebar.config build.zig build.zig.zon xmake.lua premake5.lua config.nims *.nims build.gn *.gni tupfile
    earthfile pants.toml build.yaml dub.json dub.sdl shard.yml project.pbxproj *.xcscheme fastfile nx.json turbo.json
    project.json angular.json .angular-cli.json .storybook cypress/plugins cypress/support cypress.json phinx.php
    gradle/init.d init.gradle init.gradle.kts .gradle/init.d .gradle/gradle.properties deps/build.jl`,
  ),
  ...namedFiles(BUILD_OR_TEST, "build workspace buck targets dune kbuild configure bootstrap"),
  ...paths(
    TEST,
    `conftest.py pytest.ini .pytest.ini tox.ini .coveragerc .mocharc.* .mocharc karma.conf.* wdio*.conf.* protractor.conf.*
    nightwatch.conf.* jest.setup.* vitest.setup.* vitest.workspace.* setuptests.* *.runsettings phpunit.xml phpunit.xml.dist
    .rspec spec/spec_helper.rb spec/rails_helper.rb test/test_helper.rb test/test_helper.exs .simplecov .taprc .nycrc* .c8rc*
    testem.js codecept.conf.* behave.ini features/environment.py`,
  ),
  ...paths(BUILD_OR_TEST, programConfigs()),
  ...paths(
    CHECK,
    `.eslintrc .eslintrc.* eslint.config.* .prettierrc .prettierrc.* .stylelintrc* .babelrc .babelrc.* .swcrc .postcssrc*
    .commitlintrc* .releaserc* .pylintrc pylintrc mypy.ini .mypy.ini .flake8 .rubocop.yml .php-cs-fixer*.php phpstan*.neon*
    .solhint* .credo.exs .formatter.exs .remarkrc* .textlintrc* .xo-config* .jshintrc .golangci.* clippy.toml .clang-tidy
    dangerfile*`,
  ),
  ...namedFiles(CONTAINER, "dockerfile* *.dockerfile containerfile* *.containerfile"),
  ...paths(
    CONTAINER,
    `docker-compose*.y*ml compose.y*ml compose.*.y*ml compose-*.y*ml podman-compose*.y*ml docker-bake.* docker-entrypoint*
    entrypoint.sh .devcontainer .devcontainer.json devcontainer.json vagrantfile .gitpod.yml .gitpod.dockerfile tiltfile
    skaffold.yaml .config/containers *.container`,
  ),
  ...paths(
    CI,
    `.github/workflows .github/actions .github/dependabot.y*ml codeowners action.yml action.yaml .gitlab-ci.yml
    .gitlab-ci .gitlab/ci .circleci jenkinsfile jenkinsfile.* .travis.yml azure-pipelines*.y*ml .azure-pipelines
    .azuredevops bitbucket-pipelines.yml .drone.yml .drone.star .buildkite .woodpecker .woodpecker.y*ml .forgejo/workflows
    .gitea/workflows .teamcity appveyor.yml .appveyor.yml cloudbuild.y*ml buildspec.y*ml .cirrus.yml .cirrus.star .semaphore
    wercker.yml .builds .build.yml renovate.json* .renovaterc* .goreleaser.y*ml goreleaser.y*ml .depot .ci`,
  ),
  ...paths(
    DEPLOYMENT,
    `procfile procfile.* vercel.json netlify.toml fly.toml render.yaml railway.json wrangler.toml wrangler.json*
    serverless.y*ml serverless.ts firebase.json pulumi.yaml cdk.json samconfig.toml helmfile.y*ml ansible.cfg .htaccess
    .user.ini php.ini web.config capfile nginx.conf`,
  ),
  ...paths(
    AGENT,
    `.mcp.json mcp.json .claude claude.md claude.local.md .claude.json .claude-plugin agents.md agents.override.md .agents .agent
    .cursor .cursorrules .windsurf .windsurfrules .clinerules .cline .roo .roomodes .roorules .github/copilot-instructions.md
    .github/instructions .github/prompts .github/agents .github/chatmodes .github/hooks .github/skills gemini.md .gemini .codex codex.md
    .aider.conf.yml .aider* .continue .continuerc.json .goosehints .goose .junie .kiro .opencode opencode.json opencode.jsonc
    .amazonq .amp .augment .augment-guidelines .trae .qwen qwen.md .crush crush.json .factory .rules conventions.md skill.md
    warp.md .copilot .config/opencode .config/goose claude_desktop_config.json`,
  ),
  ...paths(
    EDITOR,
    `.vscode/tasks.json .vscode/settings.json .vscode/launch.json .vscode/extensions.json .vscode/mcp.json .vscode/*.code-snippets
    .vscode-server *.code-workspace .idea *.iml *.ipr .zed .fleet .nova .vs *.sublime-project *.sublime-build .exrc .vimrc .gvimrc
    .nvimrc .nvim.lua .lvimrc .local.vimrc .config/nvim .vim .emacs .emacs.d .dir-locals.el .dir-locals-2.el .spacemacs .helix
    .projectile .gdbinit .gdbinit.* .lldbinit* .config/gdb .ipython .jupyter .irbrc .pryrc .rprofile .renviron .ghci .perldb
    .iex.exs .jshellrc .octaverc .sqliterc .psqlrc .theia .devfile.yaml devfile.yaml .replit replit.nix`,
  ),
  ...paths(
    SYSTEM,
    `.config/systemd etc/systemd lib/systemd *.service *.timer .config/autostart etc/xdg/autostart library/launchagents
    library/launchdaemons cron.d cron.daily cron.hourly cron.weekly cron.monthly crontab *.crontab var/spool/cron etc/anacrontab
    etc/init.d etc/rc.local etc/udev etc/ld.so.preload etc/ld.so.conf etc/ld.so.conf.d etc/apt etc/logrotate.d etc/skel
    .local/share/applications .local/share/systemd .config/plasma-workspace .config/user-dirs.dirs *.desktop .xbindkeysrc
    .config/i3 .config/sway .config/hypr .curlrc .wgetrc .dmrc .forward .procmailrc .rhosts .shosts`,
  ),
  ...paths(OWN, "ztl.config.*"),
];

/** Tools of JavaScript whose configuration is a program, or names programs that they load. */
function programConfigs(): string {
  const tools = `vite vitest webpack rollup rolldown rspack rsbuild rslib esbuild parcel snowpack swc prettier babel jest postcss
    tailwind windi uno unocss next nuxt svelte astro remix react-router gatsby vue quasar solid qwik playwright cypress tsup tsdown
    unbuild metro stylelint commitlint release knip drizzle prisma sanity docusaurus craco capacitor electron-builder electron.vite
    forge ava mocha karma wdio web-test-runner web-dev-server orval codegen graphql contentlayer velite panda stencil farm bili
    nodemon ecosystem dependency-cruiser hardhat truffle vuepress vitepress histoire redocly nitro kysely mikro-orm svgo`;
  // Also `vite.config.prod.ts` and `jest.e2e.config.js`.
  const named = tools.split(/\s+/).flatMap((tool) => [`${tool}.config.*`, `${tool}.*.config.*`]);
  return `${named.join(" ")} webpack.*.js webpack.*.ts webpack.*.cjs webpack.*.mjs gatsby-config.* gatsby-node.* gatsby-browser.*
    gatsby-ssr.* knexfile.* plopfile.* ormconfig.* nodemon.json ember-cli-build.* prisma/seed.*`;
}

function paths(reason: string, patterns: string): ProtectedPath[] {
  return patterns
    .trim()
    .split(/\s+/)
    .map((pattern) => ({ pattern, reason }));
}

/** For names that directories have as well. */
function namedFiles(reason: string, patterns: string): ProtectedPath[] {
  return paths(reason, patterns).map((path) => ({ ...path, isFile: true }));
}
