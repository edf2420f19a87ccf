import board from "./board.json";
import common from "./common.json";
import inbox from "./inbox.json";
import keys from "./keys.json";
import my_day from "./my_day.json";
import ticket from "./ticket.json";

export default { board, common, inbox, keys, my_day, ticket };
