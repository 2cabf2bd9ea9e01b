--
-- PostgreSQL database dump
--

\restrict Qby3WvnxdxeYkvoDx7j8k1fCxtqH7BVNt8pvacRvwskJJLYKT23cxjKpryZliz7

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: image_days; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.image_days (
    day date NOT NULL,
    shard smallint NOT NULL,
    images bigint NOT NULL
);


--
-- Name: images; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.images (
    id integer NOT NULL,
    filename text NOT NULL,
    original_name text NOT NULL,
    size bigint NOT NULL,
    upload_time timestamp with time zone DEFAULT now() NOT NULL,
    file_type text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    sha256 text CONSTRAINT images_checksum_not_null NOT NULL,
    orientation smallint DEFAULT '1'::smallint NOT NULL
);


--
-- Name: images_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.images_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: images_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.images_id_seq OWNED BY public.images.id;


--
-- Name: images id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.images ALTER COLUMN id SET DEFAULT nextval('public.images_id_seq'::regclass);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.alembic_version (version_num) FROM stdin;
0002
\.


--
-- Data for Name: image_days; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.image_days (day, shard, images) FROM stdin;
2026-11-28	2	1
2026-11-28	4	1
2026-11-28	6	1
2026-11-28	1	2
\.


--
-- Data for Name: images; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.images (id, filename, original_name, size, upload_time, file_type, width, height, sha256, orientation) FROM stdin;
1	09oq98acpl3nuskc.png	it's \\. a\\\\b 1.png	101	2026-11-28 23:33:01.95504+00	png	41	30	5afe85ab5def0d9f0d558c787ffeda4c7300dddbcb5d0d49aff019f9a9d3931d	1
2	ib681g454cng56xq.png	it's \\. a\\\\b 3.png	106	2026-11-28 23:33:01.964731+00	png	43	30	29e68638b72006d39993b69b8e3aa5447515569073a30aad4f26d200f60af3b0	1
3	asn0pd1749ubzu4l.png	it's \\. a\\\\b 0.png	100	2026-11-28 23:33:01.963726+00	png	40	30	71e491b89e782f78976d9ea508dc66e290a37c49d5b41cefc57feff1f2709943	1
4	83a1mjehscmsxgj2.png	it's \\. a\\\\b 2.png	103	2026-11-28 23:33:02.071816+00	png	42	30	24c355d879b12e66bc6f0c3cb62bc64687d9a83e1f6ab74060f410fdc18ac924	1
5	s6ph1cah3lbenn56.png	it's \\. a\\\\b 4.png	114	2026-11-28 23:33:02.12641+00	png	44	30	f0a9da76552fbf34cdd46c6b78afb1a76be17363d5bc52e5583dcade19650fa1	1
\.


--
-- Name: images_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.images_id_seq', 5, true);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: image_days pk_image_days; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.image_days
    ADD CONSTRAINT pk_image_days PRIMARY KEY (day, shard);


--
-- Name: images pk_images; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.images
    ADD CONSTRAINT pk_images PRIMARY KEY (id);


--
-- Name: images uq_images_filename; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.images
    ADD CONSTRAINT uq_images_filename UNIQUE (filename);


--
-- Name: ix_images_upload_time_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_images_upload_time_id ON public.images USING btree (upload_time, id);


--
-- PostgreSQL database dump complete
--

\unrestrict Qby3WvnxdxeYkvoDx7j8k1fCxtqH7BVNt8pvacRvwskJJLYKT23cxjKpryZliz7

