import js from "@eslint/js";

const noPackages = { regex: "^[^.]", message: "Browsers find no packages." };

export default [
  { ignores: ["**/node_modules/", ".venv/", "screenshots/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.js"],
    ...js.configs.recommended,
    languageOptions: { ecmaVersion: 2023, sourceType: "module" },
  },
  {
    files: ["**/*.js"],
    rules: {
      // TypeScript checks names, with the types of browsers.
      "no-undef": "off",
      "arrow-body-style": "error",
      "consistent-return": "error",
      "curly": ["error", "multi-line", "consistent"],
      "default-param-last": "error",
      "eqeqeq": "error",
      "func-style": "error",
      "no-alert": "error",
      "no-console": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-duplicate-imports": "error",
      "no-lonely-if": "error",
      "no-param-reassign": "error",
      // Names of module-level functions that windows have too: a forgotten definition would call the window's.
      "no-restricted-globals": ["error", "close", "event", "find", "length", "name", "open", "origin", "parent", "print", "status", "stop", "top"],
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-throw-literal": "error",
      "no-unneeded-ternary": "error",
      "no-unused-expressions": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_$" }],
      "no-useless-concat": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-object-has-own": "error",
      "prefer-object-spread": "error",
      "prefer-rest-params": "error",
      "prefer-template": "error",
      "radix": "error",
      "require-atomic-updates": "error",
      "sort-imports": ["error", { ignoreDeclarationSort: true, ignoreCase: true }],
      "yoda": "error",
    },
  },
  {
    // A feature imports core and its own folder. app.js connects features.
    files: ["static/js/*/*.js"],
    rules: {
      "no-restricted-imports": ["error", {
        patterns: [noPackages, { regex: "^\\.\\./(?!core/)", message: "A feature imports only core. Connect features in app.js." }],
      }],
      // Every module is fetched in advance, so none is imported later.
      "no-restricted-syntax": ["error", "ImportExpression"],
    },
  },
  {
    files: ["static/js/core/*.js"],
    rules: {
      "no-restricted-imports": ["error", {
        patterns: [noPackages, { regex: "^\\.\\./", message: "core imports no feature." }],
      }],
    },
  },
  {
    files: ["static/before-paint.js", "tests/browser/*.js"],
    languageOptions: { sourceType: "script" },
  },
  {
    // Chromium evaluates the function that is the only expression of such a file.
    files: ["tests/browser/*.js"],
    rules: { "no-unused-expressions": "off" },
  },
];
