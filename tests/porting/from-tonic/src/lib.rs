use std::collections::HashMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tonic::transport::Server;
use tonic::{Code, Request, Response, Status};

use bank::accounts_client::AccountsClient;
use bank::accounts_server::{Accounts, AccountsServer};
use bank::{Balance, DepositRequest, GetBalanceRequest};

pub mod bank {
    tonic::include_proto!("bank.v1");
}

#[derive(Default)]
pub struct Bank {
    balances: Mutex<HashMap<String, i64>>,
}

#[tonic::async_trait]
impl Accounts for Bank {
    async fn deposit(&self, request: Request<DepositRequest>) -> Result<Response<Balance>, Status> {
        if request.metadata().get("teller").is_none() {
            return Err(Status::unauthenticated("deposits are made by tellers"));
        }
        let DepositRequest { account, cents } = request.into_inner();
        if cents <= 0 {
            return Err(Status::invalid_argument("a deposit adds something"));
        }
        let mut balances = self.balances.lock().unwrap_or_else(PoisonError::into_inner);
        let balance = balances.entry(account).or_default();
        *balance += cents;
        Ok(Response::new(Balance { cents: *balance }))
    }

    async fn get_balance(
        &self,
        request: Request<GetBalanceRequest>,
    ) -> Result<Response<Balance>, Status> {
        let account = request.into_inner().account;
        let balances = self.balances.lock().unwrap_or_else(PoisonError::into_inner);
        match balances.get(&account) {
            Some(cents) => Ok(Response::new(Balance { cents: *cents })),
            None => Err(Status::not_found(format!("there is no account {account}"))),
        }
    }
}

pub async fn serve(
    address: std::net::SocketAddr,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    Server::builder()
        .add_service(AccountsServer::new(Bank::default()))
        .serve_with_shutdown(address, shutdown)
        .await?;
    Ok(())
}

pub async fn save_up(server: String) -> Result<i64, Box<dyn Error + Send + Sync>> {
    let mut accounts = AccountsClient::connect(server).await?;

    let account = "piggy".to_owned();
    let nothing_yet = accounts
        .get_balance(GetBalanceRequest {
            account: account.clone(),
        })
        .await;
    assert_eq!(
        nothing_yet.map_err(|status| status.code()).err(),
        Some(Code::NotFound)
    );

    let mut balance = 0;
    for cents in [500, 250] {
        let account = account.clone();
        let mut request = Request::new(DepositRequest { account, cents });
        request.set_timeout(Duration::from_secs(5));
        request.metadata_mut().insert("teller", "ann".parse()?);
        balance = accounts.deposit(request).await?.into_inner().cents;
    }
    Ok(balance)
}
