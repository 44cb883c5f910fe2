//! Images of containers, as tools write them.

use super::*;

const CONFIG: &str = r#"{"architecture":"amd64","config":{"Env":["PATH=/bin","TOKEN=a\u0026b"],"Cmd":["sh","-c","x"],
"Labels":{"who":"me"}},"history":[{"created_by":"RUN echo \"needle\""}],"rootfs":{"diff_ids":["sha256:0"]}}"#;

/// Three layers: what the second and the third remove is in the first.
fn layers() -> [Vec<u8>; 3] {
    [
        tar(&[("app/.env", TEXT), ("etc/keep", TEXT), ("opt/x/y", TEXT), ("gone/z", TEXT)]),
        tar(&[("./app/.wh..env", b""), ("opt/.wh..wh..opq", b""), ("opt/new", TEXT)]),
        tar(&[(".wh.gone", b""), ("app/.env", TEXT)]),
    ]
}

fn digest(index: usize) -> String {
    format!("{index}").repeat(64)
}

/// As `docker save` did it for long, with the list at the end.
fn docker(layers: &[Vec<u8>; 3]) -> Vec<u8> {
    let names: Vec<String> = (0..3).map(|index| format!("{}/layer.tar", digest(index))).collect();
    let list =
        format!(r#"[{{"Config":"{}.json","Layers":["{}","{}","{}"]}}]"#, digest(9), names[0], names[1], names[2]);
    let config = format!("{}.json", digest(9));
    tar(&[
        (&config, CONFIG.as_bytes()),
        (&names[0], &layers[0]),
        (&names[1], &layers[1]),
        (&names[2], &layers[2]),
        ("manifest.json", list.as_bytes()),
    ])
}

/// As OCI has it, the layers compressed.
fn oci(layers: &[Vec<u8>; 3]) -> Vec<u8> {
    let blob = |index: usize| format!("blobs/sha256/{}", digest(index));
    let named = |index: usize| format!(r#"{{"digest":"sha256:{}"}}"#, digest(index));
    let manifest = format!(r#"{{"config":{},"layers":[{},{},{}]}}"#, named(9), named(0), named(1), named(2));
    let index = format!(r#"{{"manifests":[{}]}}"#, named(8));
    let packed = layers.each_ref().map(|layer| gzip(layer));
    tar(&[
        ("oci-layout", b"{}"),
        (&blob(0), &packed[0]),
        (&blob(1), &packed[1]),
        (&blob(2), &packed[2]),
        (&blob(8), manifest.as_bytes()),
        (&blob(9), CONFIG.as_bytes()),
        ("index.json", index.as_bytes()),
    ])
}

#[test]
fn what_a_later_layer_removes_is_found_and_said_to_be_removed() {
    let layers = layers();
    let names = |layer: fn(usize) -> String| (0..3).map(|index| format!("a.tar!/{}", layer(index))).collect::<Vec<_>>();
    let docker_names = names(|index| format!("{}/layer.tar", digest(index)));
    let oci_names = names(|index| format!("blobs/sha256/{}", digest(index)));
    for (bytes, names) in [(docker(&layers), docker_names), (oci(&layers), oci_names)] {
        let met = met(&bytes, "a.tar");
        assert_eq!(met.reasons(), []);
        let removed = "<removed by a later layer>";
        for (layer, path) in [
            (0, format!("{removed}/app/.env")),
            (0, "etc/keep".into()),
            (0, format!("{removed}/opt/x/y")),
            (0, format!("{removed}/gone/z")),
            (1, "./app/.wh..env".into()),
            (1, "opt/new".into()),
            (2, "app/.env".into()),
        ] {
            let path = format!("{}!/{path}", names[layer]);
            assert!(met.members.contains_key(&path), "{path} is among {:#?}", met.paths());
        }
        let config = met.views.iter().find(|(path, _)| path.ends_with("!/config")).expect("variables");
        assert_eq!(String::from_utf8_lossy(config.1), "PATH=/bin\nTOKEN=a&b\nsh -c x\nwho=me\n");
        let history = met.views.iter().find(|(path, _)| path.ends_with("!/history")).expect("commands");
        assert_eq!(history.1, b"RUN echo \"needle\"\n");
        // From a pipe the layers are looked at as they come.
        let piped = streamed(&bytes, "a.tar");
        assert_eq!(piped.reasons(), []);
        assert_eq!(piped.members.len(), met.members.len());
        assert!(piped.members.contains_key(&format!("{}!/app/.env", names[0])));
    }
}

#[test]
fn nothing_is_hidden_behind_the_name_of_a_layer() {
    let layers = layers();
    let layer = format!("{}/layer.tar", digest(0));
    let hidden = tar(&[("hidden", TEXT)]);
    let end = 1024;
    let bytes = docker(&layers);
    let body = &bytes[..bytes.len() - end];
    let second = tarred(&layer, b'0', "", &hidden);
    let named = [tarred("pax", b'x', "", format!("83 path={layer}\n").as_bytes()), tarred("cover", b'0', "", &hidden)];
    for more in [second.clone(), [vec![0; 512], second].concat(), named.concat()] {
        let bytes = [body, &more, &[0; 1024]].concat();
        let met = met(&bytes, "a.tar");
        assert!(met.paths().iter().any(|path| path.ends_with("!/hidden")), "{:#?}", met.paths());
        assert!(met.paths().iter().any(|path| path.ends_with("etc/keep")), "{:#?}", met.paths());
    }
}

#[test]
fn lists_that_name_each_other_end() {
    let index = format!(r#"{{"manifests":[{0},{0}]}}"#, format_args!(r#"{{"digest":"sha256:{}"}}"#, digest(8)));
    let blob = format!("blobs/sha256/{}", digest(8));
    let bytes = tar(&[(&blob, index.as_bytes()), ("index.json", index.as_bytes())]);
    assert_eq!(met(&bytes, "a.tar").paths().len(), 2);
}

#[test]
fn a_part_of_an_image_is_never_taken_for_the_whole() {
    let bytes = docker(&layers());
    let whole = met(&bytes, "a.tar");
    for len in (0..bytes.len()).step_by(7) {
        let met = met(&bytes[..len], "a.tar");
        let as_it_is = met.members.get("a.tar").is_some_and(|content| content == &bytes[..len]);
        assert!(!met.skipped.is_empty() || as_it_is || met.members == whole.members, "{len}");
    }
}
