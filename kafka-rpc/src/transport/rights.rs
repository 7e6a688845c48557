/// The command that gives a right; `resource` is `--topic` or `--group`. `Describe` comes with
/// each of the rights that are needed.
pub(crate) fn grant_command(
    bootstrap: &str,
    operation: &str,
    resource: &str,
    name: &str,
) -> String {
    format!(
        "kafka-acls.sh --bootstrap-server {bootstrap} --add --allow-principal User:<name> \
         --operation {operation} {resource} {name}"
    )
}
