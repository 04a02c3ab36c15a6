import common from "./fr/common.json";
import shell from "./fr/shell.json";
import errors from "./fr/errors.json";
import account from "./fr/account.json";
import admin from "./fr/admin.json";
import audit from "./fr/audit.json";
import meetings from "./fr/meetings.json";
import uploads from "./fr/uploads.json";
import running from "./fr/running.json";
import meeting from "./fr/meeting.json";
import corrections from "./fr/corrections.json";
import naming from "./fr/naming.json";
import search from "./fr/search.json";
import exports from "./fr/exports.json";
import voices from "./fr/voices.json";

const messages = { common, shell, errors, account, admin, audit, meetings, uploads, running, meeting, corrections, naming, search, exports, voices };

export default messages;
