// Loaded before the page is painted, so that a remembered theme does not flash. A script of its own because the server's
// content security policy allows no inline ones.

import { always } from './remember'

const chosen = always.get('theme')
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
