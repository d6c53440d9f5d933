#![doc = include_str!("../README.md")]

pub mod domain;

pub mod http;

pub mod jwt;
pub mod password;
pub mod sealing;
pub mod system;

#[cfg(feature = "aws")]
pub mod adapters;
#[cfg(feature = "aws")]
pub mod app;
#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "aws")]
pub mod clients;
#[cfg(feature = "aws")]
pub mod config;
#[cfg(feature = "aws")]
pub mod keys;
#[cfg(feature = "aws")]
pub mod lambda;
#[cfg(feature = "aws")]
pub mod outbound;
#[cfg(feature = "aws")]
pub mod scripts;
#[cfg(feature = "aws")]
pub mod telemetry;
