# Sandboxes for other languages: `docker buildx bake --file infra/sandboxes.hcl node`, with SANDBOX_IMAGE (an output of the
# stack) in the environment. See infra/README.md.
variable "SANDBOX_IMAGE" {}
variable "PLATFORM" { default = "linux/arm64" }

target "sandbox" {
  context    = "."
  dockerfile = "infra/sandbox.Dockerfile"
  platforms  = [PLATFORM]
  attest     = ["type=provenance,mode=max", "type=sbom"]
  output     = ["type=registry"]
}

target "sandboxes" {
  name     = language
  inherits = ["sandbox"]
  matrix = {
    language = ["node", "go", "java", "rust"]
  }
  tags = [replace(SANDBOX_IMAGE, ":", ":${language}-")]
  args = {
    BASE = {
      node = "node:24-slim"
      go   = "golang:1.25-bookworm"
      java = "maven:3.9-eclipse-temurin-21"
      rust = "rust:1-slim-bookworm"
    }[language]
    PACKAGES = {
      node = "bash ca-certificates gcc g++ git libc6-dev make python3"
      go   = "bash ca-certificates gcc git libc6-dev make python3"
      java = "bash ca-certificates git make python3"
      rust = "bash ca-certificates gcc git libc6-dev make pkg-config python3"
    }[language]
  }
}
