import common from "./common.json";
import inbox from "./inbox.json";
import ticket from "./ticket.json";

export default { common, inbox, ticket };
