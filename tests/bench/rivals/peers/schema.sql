CREATE TABLE chats (id bigint PRIMARY KEY AUTO_INCREMENT, last_seq bigint NOT NULL DEFAULT 0) ENGINE=InnoDB;
CREATE TABLE members (chat_id bigint, user_id bigint, PRIMARY KEY (chat_id, user_id), KEY (user_id)) ENGINE=InnoDB;
CREATE TABLE messages (id bigint PRIMARY KEY AUTO_INCREMENT, chat_id bigint NOT NULL, seq bigint NOT NULL, sender_id bigint NOT NULL, cid char(36) CHARACTER SET ascii NOT NULL, content text NOT NULL, created_at datetime(6) NOT NULL, UNIQUE KEY (chat_id, seq), UNIQUE KEY (chat_id, sender_id, cid)) ENGINE=InnoDB;
INSERT INTO chats (id) VALUES (1);
