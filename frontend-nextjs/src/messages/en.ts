import common from "./en/common.json";
import shell from "./en/shell.json";
import errors from "./en/errors.json";
import account from "./en/account.json";
import admin from "./en/admin.json";
import audit from "./en/audit.json";
import meetings from "./en/meetings.json";
import uploads from "./en/uploads.json";
import running from "./en/running.json";
import meeting from "./en/meeting.json";
import corrections from "./en/corrections.json";
import naming from "./en/naming.json";
import search from "./en/search.json";
import exports from "./en/exports.json";
import voices from "./en/voices.json";

const messages = { common, shell, errors, account, admin, audit, meetings, uploads, running, meeting, corrections, naming, search, exports, voices };

export default messages;
